"""You doubled the first time already.

task: 16.5
caught-by: test_day_16.py::test_a_probe_when_its_time_is_over[in-time]
"""


class Ejector:
    def _eject(self, replica, now):
        # task 16.5 begin
        health = self._health[replica]
        health.until = now + min(self.longest, self.base * 2.0 ** min(health.times + 1, 60))
        health.times += 1
        health.probing = False
        self.out.add(replica)
        # task 16.5 end
