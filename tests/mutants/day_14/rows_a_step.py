"""You divide rows by steps: that is how many ran on average, not the share of the slots.

task: 14.3
caught-by: test_day_14.py::test_shares_have_their_own_whole
"""


class Totals:
    @property
    def occupancy(self):
        # task 14.3 begin
        return self.rows / self.steps if self.steps else 0.0
        # task 14.3 end
