"""You took the mean of all that it ever did: a replica that becomes slow goes unnoticed for long.

task: 16.5
caught-by: test_day_16.py::test_the_pace_is_a_mean_and_then_moves_by_fifths
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
                self._health[replica] = Health()
                self.out.discard(replica)
            return
        health.failures = 0
        health.seen += 1
        weight = 1 / health.seen
        health.pace += weight * (pace - health.pace)
        # task 16.5 end
