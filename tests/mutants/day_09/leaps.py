"""You let one quick step multiply the budget: the next one is far too long.

task: 9.4
caught-by: test_day_09.py::test_the_budget_follows_the_target[at-most-doubled]
"""


class TokenBudget:
    def observe(self, tokens, seconds):
        # task 9.4 begin
        if tokens < self.tokens and seconds <= self.target_gap:
            return
        filling = int(tokens * self.target_gap / seconds) if seconds > 0 else self.high
        self.tokens = max(self.low, min(filling, self.high))
        # task 9.4 end
