"""You count time as idle though a request is there.

task: 14.2
caught-by: test_day_14.py::test_each_second_counts_for_all_who_are_there
"""


class BatchingMetrics:
    def _pass(self):
        # task 14.2 begin
        now = self._clock.now()
        passed, self._until = now - self._until, now
        self._totals.seconds += passed
        self._totals.present += passed * self._there
        self._totals.idle += passed
        return now
        # task 14.2 end
