"""You divide what was found by what was read, without what was found: shares above 1.

task: 14.3
caught-by: test_day_14.py::test_shares_have_their_own_whole
"""


class Totals:
    @property
    def hit_rate(self):
        # task 14.3 begin
        needed = self.read
        return self.found / needed if needed else 0.0
        # task 14.3 end
