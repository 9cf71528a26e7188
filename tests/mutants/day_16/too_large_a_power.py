"""You raised 2 to a power that no float can hold: a replica that is dead for days breaks the router.

task: 16.5
caught-by: test_day_16.py::test_dead_for_weeks
"""


class Ejector:
    def _eject(self, replica, now):
        # task 16.5 begin
        health = self._health[replica]
        health.until = now + min(self.longest, self.base * 2.0 ** health.times)
        health.times += 1
        health.probing = False
        self.out.add(replica)
        # task 16.5 end
