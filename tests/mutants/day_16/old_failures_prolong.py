"""You let failures of earlier requests prolong its time.

task: 16.5
caught-by: test_day_16.py::test_what_was_sent_before_says_nothing[badly]
"""


class Ejector:
    def failed(self, replica, now):
        # task 16.5 begin
        if health.until is not None:
            if True:
                self._eject(replica, now)
            return
        health.failures += 1
        if health.failures >= self.failures and self._may_eject():
            self._eject(replica, now)
        # task 16.5 end
