"""You judged a probe by the replica's old pace, not by its own.

task: 16.5
caught-by: test_day_16.py::test_a_slow_probe_is_out_again
"""


class Ejector:
    def succeeded(self, replica, pace, now):
        # task 16.5 begin
        if health.until is not None:
            if not health.probing:
                return
            usual = self.usual()
            if usual is not None and health.pace > self.slow * usual:
                self._eject(replica, now)
            else:
                self._health[replica] = Health()
                self.out.discard(replica)
            return
        health.failures = 0
        health.seen += 1
        weight = 1 / health.seen if health.seen <= self.least else 0.2
        health.pace += weight * (pace - health.pace)
        # task 16.5 end
