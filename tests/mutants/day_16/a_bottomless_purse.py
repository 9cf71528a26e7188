"""You let the purse fill without a limit: after a quiet day, a storm of retries.

task: 16.6
caught-by: test_day_16.py::test_a_purse_holds_no_more_than_it_can
"""


class RetryBudget:
    def asked(self):
        # task 16.6 begin
        self.left = self.left + self.share
        # task 16.6 end
