"""You raise the limit after every quick step, whether or not it holds a request back. At night it rises to its
maximum, and in the morning it limits nothing.

task: 14.6
caught-by: test_day_14.py::test_one_more_may_run[not-held]
"""


class LoadControl:
    def _limit(self, running, seconds):
        # task 14.6 begin
        if running > self.tokens:
            self._queue.limit = int(self.tokens)
        elif seconds <= HEADROOM * self.target_tpot:
            self._queue.limit = min(self._queue.limit + 1, self._scheduler.max_running)
        # task 14.6 end
