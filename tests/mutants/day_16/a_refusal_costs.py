"""You emptied the purse when there was too little in it.

task: 16.6
caught-by: test_day_16.py::test_a_refused_retry_costs_nothing
"""


class RetryBudget:
    def take(self):
        # task 16.6 begin
        if self.left < 1 - 1e-9:
            self.left = 0.0
            return False
        self.left = max(0.0, self.left - 1)
        return True
        # task 16.6 end
