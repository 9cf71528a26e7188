"""You raise the limit above the slots. It says nothing there, and has a long way down when it is needed.

task: 14.6
caught-by: test_day_14.py::test_not_more_than_there_are_slots
"""


class LoadControl:
    def _limit(self, running, seconds):
        # task 14.6 begin
        if running > self.tokens:
            self._queue.limit = int(self.tokens)
        elif running >= self._queue.limit and seconds <= HEADROOM * self.target_tpot:
            self._queue.limit = self._queue.limit + 1
        # task 14.6 end
