"""A second close replaces the reason of the first. What is told must be what happened first.

task: 15.3
caught-by: test_day_15.py::test_a_closed_bridge_takes_nobody_and_stays_closed
"""


class Bridge:
    def close(self, error):
        # task 15.3 begin
        self.down = error
        for request_id in list(self._streams):
            self._answered(request_id, error)
            self._streams[request_id].end(error)
            self._forget(request_id)
        self.worker.send(Stop())
        # task 15.3 end
