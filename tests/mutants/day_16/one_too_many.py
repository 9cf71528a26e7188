"""You ejected at one failure more than was asked.

task: 16.5
caught-by: test_day_16.py::test_failures_in_a_row[as-many]
"""


class Ejector:
    def failed(self, replica, now):
        # task 16.5 begin
        if health.until is not None:
            if health.probing:
                self._eject(replica, now)
            return
        health.failures += 1
        if health.failures > self.failures and self._may_eject():
            self._eject(replica, now)
        # task 16.5 end
