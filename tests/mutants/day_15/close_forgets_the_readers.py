"""You close without ending the streams. Their readers wait forever.

task: 15.3
caught-by: test_day_15.py::test_close_leaves_nobody_waiting
"""


class Bridge:
    def close(self, error):
        # task 15.3 begin
        if self.down is not None:
            return
        self.down = error
        for request_id in list(self._streams):
            self._answered(request_id, error)
            self._forget(request_id)
        self.worker.send(Stop())
        # task 15.3 end
