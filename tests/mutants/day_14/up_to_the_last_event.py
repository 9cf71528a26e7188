"""You read what was counted at the last event. The time since then is missing: nothing has happened in it, and that is
news.

task: 14.2
caught-by: test_day_14.py::test_time_passes_without_an_event
"""


class BatchingMetrics:
    def read(self):
        # task 14.2 begin
        return deepcopy(self._totals)
        # task 14.2 end
