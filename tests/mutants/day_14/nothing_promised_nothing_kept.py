"""You return 0 where nothing was promised. That reads as if no request had been served well.

task: 14.3
caught-by: test_day_14.py::test_goodput_is_of_a_promise[10.0]
"""


class Totals:
    @property
    def goodput(self):
        # task 14.3 begin
        if self.objective is None:
            return 0.0
        return self.good / self.seconds if self.seconds else 0.0
        # task 14.3 end
