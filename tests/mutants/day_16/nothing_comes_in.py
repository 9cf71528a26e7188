"""You never paid into the purse.

task: 16.6
caught-by: test_day_16.py::test_ten_requests_pay_for_a_retry[as-many]
"""


class RetryBudget:
    def asked(self):
        # task 16.6 begin
        self.left = min(self.most, self.left)
        # task 16.6 end
