"""At close you let the queue wait its full time. No newcomer will come: run what is there.

task: 3.2
caught-by: test_day_03.py::test_close_serves_who_is_queued_and_does_not_wait
"""


class DynamicBatcher:
    def _is_due(self):
        # task 3.1 begin
        if not self._queue:
            return False
        oldest = next(iter(self._queue))
        waited_enough = asyncio.get_running_loop().time() >= oldest.arrived + self.max_wait
        return waited_enough or len(self._queue) >= self.max_batch_size
        # task 3.1 end
