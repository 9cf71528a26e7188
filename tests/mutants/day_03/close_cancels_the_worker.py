"""You cancelled the worker at close. The running batch and all queued requests never get an answer.

task: 3.2
caught-by: test_day_03.py::test_close_serves_who_is_queued_and_does_not_wait
"""


class DynamicBatcher:
    async def close(self):
        # task 3.2 begin
        self._closing = True
        if self._worker is not None:
            self._worker.cancel()
        # task 3.2 end
