"""You never lower the limit. When contexts have become long, running requests take more than a step is allowed, and
you admit still more.

task: 14.6
caught-by: test_day_14.py::test_too_many_run[slow]
"""


class LoadControl:
    def _limit(self, running, seconds):
        # task 14.6 begin
        if running >= self._queue.limit and seconds <= HEADROOM * self.target_tpot:
            self._queue.limit = min(self._queue.limit + 1, self._scheduler.max_running)
        # task 14.6 end
