"""You count tokens a second, whichever request they were for.

task: 14.3
caught-by: test_day_14.py::test_shares_have_their_own_whole
"""


class Totals:
    @property
    def goodput(self):
        # task 14.3 begin
        if self.objective is None:
            raise ValueError("goodput is that of an objective, and there is none: give one to BatchingMetrics")
        return self.tokens / self.seconds if self.seconds else 0.0
        # task 14.3 end
