"""You took nothing out of the purse.

task: 16.6
caught-by: test_day_16.py::test_ten_requests_pay_for_a_retry[as-many]
"""


class RetryBudget:
    def take(self):
        # task 16.6 begin
        if self.left < 1 - 1e-9:
            return False
        pass
        return True
        # task 16.6 end
