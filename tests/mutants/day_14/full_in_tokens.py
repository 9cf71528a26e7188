"""You take the share of the budget for the share of the slots.

task: 14.3
caught-by: test_day_14.py::test_a_small_process_weighs_little
"""


class Totals:
    @property
    def occupancy(self):
        # task 14.3 begin
        return self.computed / self.budget if self.budget else 0.0
        # task 14.3 end
