"""You scaled the budget, not what the step really had.

task: 9.4
caught-by: test_day_09.py::test_a_small_step_that_was_too_long_teaches
"""


class TokenBudget:
    def observe(self, tokens, seconds):
        # task 9.4 begin
        if tokens < self.tokens and seconds <= self.target_gap:
            return
        filling = int(self.tokens * self.target_gap / seconds) if seconds > 0 else self.high
        self.tokens = max(self.low, min(filling, 2 * self.tokens, self.high))
        # task 9.4 end
