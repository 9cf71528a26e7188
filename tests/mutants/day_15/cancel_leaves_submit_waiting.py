"""You forget a request whose submit has no answer yet. Its caller waits for ever.

task: 15.3
caught-by: test_day_15.py::test_cancel_ends_a_submit_that_still_waits
"""


class Bridge:
    def cancel(self, request_id):
        # task 15.3 begin
        if request_id in self._streams:
            self._streams[request_id].end()
            self._forget(request_id)
            self.worker.send(Cancel(request_id))
        # task 15.3 end
