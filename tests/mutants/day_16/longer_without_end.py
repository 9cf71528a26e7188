"""You doubled the time without a limit.

task: 16.5
caught-by: test_day_16.py::test_a_bad_probe_doubles_its_time
"""


class Ejector:
    def _eject(self, replica, now):
        # task 16.5 begin
        health = self._health[replica]
        health.until = now + self.base * 2.0 ** min(health.times, 60)
        health.times += 1
        health.probing = False
        self.out.add(replica)
        # task 16.5 end
