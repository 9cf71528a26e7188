"""You forget the stream and don't end it. A reader who waits for its next event waits forever.

task: 15.3
caught-by: test_day_15.py::test_cancel_tells_the_engine_and_forgets
"""


class Bridge:
    def cancel(self, request_id):
        # task 15.3 begin
        if request_id in self._streams:
            if request_id in self._accepted:
                self._accepted[request_id].cancel()
            self._forget(request_id)
            self.worker.send(Cancel(request_id))
        # task 15.3 end
