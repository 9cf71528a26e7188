"""You let the success of an earlier request bring it back.

task: 16.5
caught-by: test_day_16.py::test_what_was_sent_before_says_nothing[well]
"""


class Ejector:
    def succeeded(self, replica, pace, now):
        # task 16.5 begin
        if health.until is not None:
            pass
            usual = self.usual()
            if usual is not None and pace > self.slow * usual:
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
