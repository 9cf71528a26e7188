"""You forgot `low`.

task: 9.4
caught-by: test_day_09.py::test_the_budget_follows_the_target[not-below-low]
"""


class TokenBudget:
    def observe(self, tokens, seconds):
        # task 9.4 begin
        if tokens < self.tokens and seconds <= self.target_gap:
            return
        filling = int(tokens * self.target_gap / seconds) if seconds > 0 else self.high
        self.tokens = max(1, min(filling, 2 * self.tokens, self.high))
        # task 9.4 end
