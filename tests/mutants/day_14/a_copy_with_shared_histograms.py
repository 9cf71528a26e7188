"""You copy the totals, but their histograms are the same objects in both.

task: 14.2
caught-by: test_day_14.py::test_what_was_read_does_not_change
"""


class BatchingMetrics:
    def read(self):
        # task 14.2 begin
        self._pass()
        from copy import copy

        return copy(self._totals)
        # task 14.2 end
