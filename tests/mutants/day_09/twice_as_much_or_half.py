"""You doubled or halved, whatever the time was.

task: 9.4
caught-by: test_day_09.py::test_the_budget_follows_the_target[a-bit-faster]
"""


class TokenBudget:
    def observe(self, tokens, seconds):
        # task 9.4 begin
        if tokens < self.tokens and seconds <= self.target_gap:
            return
        filling = tokens * 2 if seconds < self.target_gap else tokens // 2
        self.tokens = max(self.low, min(filling, 2 * self.tokens, self.high))
        # task 9.4 end
