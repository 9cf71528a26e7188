"""You let the time stand still while no request is there: tokens a second are then those of the busy hours.

task: 14.2
caught-by: test_day_14.py::test_each_second_counts_for_all_who_are_there
"""


class BatchingMetrics:
    def _pass(self):
        # task 14.2 begin
        now = self._clock.now()
        passed, self._until = now - self._until, now
        self._totals.seconds += passed if self._there else 0.0
        self._totals.present += passed * self._there
        if not self._there:
            self._totals.idle += passed
        return now
        # task 14.2 end
