"""You ejected without checking the share: when all look sick, none is left.

task: 16.5
caught-by: test_day_16.py::test_never_more_than_a_share[0-of-3]
"""


class Ejector:
    def _may_eject(self):
        # task 16.5 begin
        return True
        # task 16.5 end
