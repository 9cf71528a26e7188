"""You rounded to the nearest: half of the time the step is longer than promised.

task: 9.4
caught-by: test_day_09.py::test_the_budget_follows_the_target[rounded-down]
"""


class TokenBudget:
    def observe(self, tokens, seconds):
        # task 9.4 begin
        if tokens < self.tokens and seconds <= self.target_gap:
            return
        filling = round(tokens * self.target_gap / seconds) if seconds > 0 else self.high
        self.tokens = max(self.low, min(filling, 2 * self.tokens, self.high))
        # task 9.4 end
