"""You hand out the totals themselves. A reader who takes them twice to see what happened in between finds that
nothing did.

task: 14.2
caught-by: test_day_14.py::test_what_was_read_does_not_change
"""


class BatchingMetrics:
    def read(self):
        # task 14.2 begin
        self._pass()
        return self._totals
        # task 14.2 end
