"""You divide before anything has happened.

task: 14.3
caught-by: test_day_14.py::test_nothing_of_nothing_is_nothing[budget_fill]
"""


class Totals:
    @property
    def budget_fill(self):
        # task 14.3 begin
        return self.computed / self.budget
        # task 14.3 end
