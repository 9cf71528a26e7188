"""You started as soon as one request was there. Waiting a moment for company is the point.

task: 3.1
caught-by: test_day_03.py::test_a_lonely_request_waits_for_others_and_then_runs
"""


class DynamicBatcher:
    def _is_due(self):
        # task 3.1 begin
        if not self._queue:
            return False
        oldest = next(iter(self._queue))
        waited_enough = asyncio.get_running_loop().time() >= oldest.arrived + self.max_wait
        return True
        # task 3.1 end
