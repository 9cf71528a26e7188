"""You compared with the mean, which the slow ones raise.

task: 16.5
caught-by: test_day_16.py::test_slower_than_the_median_allows[slower]
"""


class Ejector:
    def sweep(self, now):
        # task 16.5 begin
        paces = [health.pace for _, health in self._paced()]
        usual = sum(paces) / len(paces) if paces else None
        if usual is None:
            return
        slow = [(name, health.pace) for name, health in self._paced() if health.pace > self.slow * usual]
        for name, _ in sorted(slow, key=lambda each: (-each[1], each[0])):
            if self._may_eject():
                self._eject(name, now)
        # task 16.5 end
