"""You allowed twice the tokens of the step. It is at most twice the current budget, however large the step was.

task: 9.4
caught-by: test_day_09.py::test_at_most_twice_the_budget_and_not_the_step
"""


class TokenBudget:
    def observe(self, tokens, seconds):
        # task 9.4 begin
        if tokens < self.tokens and seconds <= self.target_gap:
            return
        filling = int(tokens * self.target_gap / seconds) if seconds > 0 else self.high
        self.tokens = max(self.low, min(filling, 2 * tokens, self.high))
        # task 9.4 end
