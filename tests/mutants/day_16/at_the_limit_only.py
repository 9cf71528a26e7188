"""You asked at the very failure that reaches the limit, and never again: if the share was full then, it stays in.

task: 16.5
caught-by: test_day_16.py::test_the_next_failure_asks_again
"""


class Ejector:
    def failed(self, replica, now):
        # task 16.5 begin
        if health.until is not None:
            if health.probing:
                self._eject(replica, now)
            return
        health.failures += 1
        if health.failures == self.failures and self._may_eject():
            self._eject(replica, now)
        # task 16.5 end
