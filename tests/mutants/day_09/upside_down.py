"""You turned the fraction round: slow steps get more.

task: 9.4
caught-by: test_day_09.py::test_the_budget_follows_the_target[a-bit-faster]
"""


class TokenBudget:
    def observe(self, tokens, seconds):
        # task 9.4 begin
        if tokens < self.tokens and seconds <= self.target_gap:
            return
        filling = int(tokens * seconds / self.target_gap) if seconds > 0 else self.high
        self.tokens = max(self.low, min(filling, 2 * self.tokens, self.high))
        # task 9.4 end
