"""You send a Cancel for requests that are not open. Every answer that has ended well then costs the engine a message.

task: 15.3
caught-by: test_day_15.py::test_cancelling_who_is_not_open_does_nothing
"""


class Bridge:
    def cancel(self, request_id):
        # task 15.3 begin
        if request_id in self._streams:
            self._streams[request_id].end()
            if request_id in self._accepted:
                self._accepted[request_id].cancel()
        self._forget(request_id)
        self.worker.send(Cancel(request_id))
        # task 15.3 end
