"""You don't note up to when you have counted: the time that has passed is counted again and again.

task: 14.2
caught-by: test_day_14.py::test_time_passes_without_an_event
"""


class BatchingMetrics:
    def _pass(self):
        # task 14.2 begin
        now = self._clock.now()
        passed = now - self._until
        self._totals.seconds += passed
        self._totals.present += passed * self._there
        if not self._there:
            self._totals.idle += passed
        return now
        # task 14.2 end
