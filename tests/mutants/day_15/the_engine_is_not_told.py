"""You forget a caller who has left, and don't tell the engine. Its slot and its pages are held for nobody.

task: 15.3
caught-by: test_day_15.py::test_cancel_tells_the_engine_and_forgets
"""


class Bridge:
    def cancel(self, request_id):
        # task 15.3 begin
        if request_id in self._streams:
            self._streams[request_id].end()
            if request_id in self._accepted:
                self._accepted[request_id].cancel()
            self._forget(request_id)
        # task 15.3 end
