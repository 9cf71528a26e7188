"""You note which requests are there and forget to count those that came.

task: 14.2
caught-by: test_day_14.py::test_each_second_counts_for_all_who_are_there
"""


class BatchingMetrics:
    def on_arrival(self, request):
        # task 14.2 begin
        now = self._pass()
        self._there += 1
        self._totals.present += now - request.arrived
        # task 14.2 end
