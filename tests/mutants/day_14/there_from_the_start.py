"""You count the newcomer before you let the time pass: it then counts for seconds in which it was not there.

task: 14.2
caught-by: test_day_14.py::test_each_second_counts_for_all_who_are_there
"""


class BatchingMetrics:
    def on_arrival(self, request):
        # task 14.2 begin
        self._there += 1
        now = self._pass()
        self._totals.arrived += 1
        self._totals.present += now - request.arrived
        # task 14.2 end
