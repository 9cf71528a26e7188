"""You set the limit to the tokens of a step, always. A crowd is then admitted at once, and decodes in step for as long as its answers last.

task: 14.6
caught-by: test_day_14.py::test_one_more_may_run[a-bit-too-slow]
"""


class LoadControl:
    def _limit(self, running, seconds):
        # task 14.6 begin
        if True:
            self._queue.limit = int(self.tokens)
        elif running >= self._queue.limit and seconds <= HEADROOM * self.target_tpot:
            self._queue.limit = min(self._queue.limit + 1, self._scheduler.max_running)
        # task 14.6 end
