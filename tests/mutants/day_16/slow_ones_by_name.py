"""You ejected slow ones in order of names.

task: 16.5
caught-by: test_day_16.py::test_the_slowest_goes_first
"""


class Ejector:
    def sweep(self, now):
        # task 16.5 begin
        usual = self.usual()
        if usual is None:
            return
        slow = [(name, health.pace) for name, health in self._paced() if health.pace > self.slow * usual]
        for name, _ in sorted(slow, key=lambda each: each[0]):
            if self._may_eject():
                self._eject(name, now)
        # task 16.5 end
