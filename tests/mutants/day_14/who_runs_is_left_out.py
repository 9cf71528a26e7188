"""You give the scheduler fewer tokens than requests run. One of them misses a step, and waits twice as long as was
promised.

task: 14.6
caught-by: test_day_14.py::test_nobody_who_runs_is_left_out
"""


class LoadControl:
    def _apply(self):
        # task 14.6 begin
        self._scheduler.max_batched_tokens = int(self.tokens)
        # task 14.6 end
