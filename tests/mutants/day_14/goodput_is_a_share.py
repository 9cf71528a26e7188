"""You divide by all that ended. That is the share that was served well; goodput is how many a second.

task: 14.3
caught-by: test_day_14.py::test_good_ones_are_counted_by_who_listens
"""


class Totals:
    @property
    def goodput(self):
        # task 14.3 begin
        if self.objective is None:
            raise ValueError("goodput is that of an objective, and there is none: give one to BatchingMetrics")
        return self.good / sum(self.ended.values()) if self.ended else 0.0
        # task 14.3 end
