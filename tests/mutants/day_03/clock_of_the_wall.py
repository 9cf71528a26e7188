"""You asked the machine's clock. Deadlines are times of the loop's clock, which need not agree with it.

task: 3.1
caught-by: test_day_03.py::test_a_lonely_request_waits_for_others_and_then_runs
"""


class DynamicBatcher:
    def _is_due(self):
        # task 3.1 begin
        if not self._queue:
            return False
        oldest = next(iter(self._queue))
        waited_enough = __import__("time").monotonic() >= oldest.arrived + self.max_wait
        return self._closing or waited_enough or len(self._queue) >= self.max_batch_size
        # task 3.1 end
