"""You gave a retry for whatever was in the purse.

task: 16.6
caught-by: test_day_16.py::test_ten_requests_pay_for_a_retry[one-less]
"""


class RetryBudget:
    def take(self):
        # task 16.6 begin
        if self.left <= 0:
            return False
        self.left = max(0.0, self.left - 1)
        return True
        # task 16.6 end
