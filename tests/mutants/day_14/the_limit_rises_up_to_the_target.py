"""You let one more run until a step takes the whole target. Running requests will soon have longer contexts, and
can't be sent away.

task: 14.6
caught-by: test_day_14.py::test_one_more_may_run[a-bit-too-slow]
"""


class LoadControl:
    def _limit(self, running, seconds):
        # task 14.6 begin
        if running > self.tokens:
            self._queue.limit = int(self.tokens)
        elif running >= self._queue.limit and seconds <= self.target_tpot:
            self._queue.limit = min(self._queue.limit + 1, self._scheduler.max_running)
        # task 14.6 end
