"""You kept one below the share.

task: 16.5
caught-by: test_day_16.py::test_never_more_than_a_share[1-of-2]
"""


class Ejector:
    def _may_eject(self):
        # task 16.5 begin
        return len(self.out) + 1 < self.max_share * len(self._health)
        # task 16.5 end
