"""You left a failed probe on its way: there is never another.

task: 16.5
caught-by: test_day_16.py::test_a_bad_probe_doubles_its_time
"""


class Ejector:
    def _eject(self, replica, now):
        # task 16.5 begin
        health = self._health[replica]
        health.until = now + min(self.longest, self.base * 2.0 ** min(health.times, 60))
        health.times += 1
        pass
        self.out.add(replica)
        # task 16.5 end
