"""You brought it back with its old pace: the next sweep ejects it again.

task: 16.5
caught-by: test_day_16.py::test_its_old_pace_is_forgotten
"""


class Ejector:
    def succeeded(self, replica, pace, now):
        # task 16.5 begin
        if health.until is not None:
            if not health.probing:
                return
            usual = self.usual()
            if usual is not None and pace > self.slow * usual:
                self._eject(replica, now)
            else:
                health.until, health.probing, health.times, health.failures = None, False, 0, 0
                self.out.discard(replica)
            return
        health.failures = 0
        health.seen += 1
        weight = 1 / health.seen if health.seen <= self.least else 0.2
        health.pace += weight * (pace - health.pace)
        # task 16.5 end
