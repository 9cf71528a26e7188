"""You let one be ejected whatever the share.

task: 16.5
caught-by: test_day_16.py::test_never_more_than_a_share[0-of-3]
"""


class Ejector:
    def _may_eject(self):
        # task 16.5 begin
        return not self.out or len(self.out) + 1 <= self.max_share * len(self._health)
        # task 16.5 end
