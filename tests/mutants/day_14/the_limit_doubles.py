"""You double the limit. A request that is admitted stays for a whole answer: by the time that steps are long, there
are too many.

task: 14.6
caught-by: test_day_14.py::test_one_more_may_run[just-quick-enough]
"""


class LoadControl:
    def _limit(self, running, seconds):
        # task 14.6 begin
        if running > self.tokens:
            self._queue.limit = int(self.tokens)
        elif running >= self._queue.limit and seconds <= HEADROOM * self.target_tpot:
            self._queue.limit = min(2 * self._queue.limit, self._scheduler.max_running)
        # task 14.6 end
