"""You ejected a replica that is exactly as slow as is allowed.

task: 16.5
caught-by: test_day_16.py::test_slower_than_the_median_allows[as-slow-as-allowed]
"""


class Ejector:
    def sweep(self, now):
        # task 16.5 begin
        usual = self.usual()
        if usual is None:
            return
        slow = [(name, health.pace) for name, health in self._paced() if health.pace >= self.slow * usual]
        for name, _ in sorted(slow, key=lambda each: (-each[1], each[0])):
            if self._may_eject():
                self._eject(name, now)
        # task 16.5 end
