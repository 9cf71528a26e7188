"""You waited the whole time although the batch was full. Full or due, whichever comes first.

task: 3.1
caught-by: test_day_03.py::test_a_full_batch_does_not_wait
"""


class DynamicBatcher:
    def _is_due(self):
        # task 3.1 begin
        if not self._queue:
            return False
        oldest = next(iter(self._queue))
        waited_enough = asyncio.get_running_loop().time() >= oldest.arrived + self.max_wait
        return self._closing or waited_enough
        # task 3.1 end
