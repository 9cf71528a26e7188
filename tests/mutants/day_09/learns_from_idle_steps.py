"""You learned from steps that had little to do: after a quiet minute the budget is tiny.

task: 9.4
caught-by: test_day_09.py::test_a_step_that_had_little_to_do_teaches_nothing
"""


class TokenBudget:
    def observe(self, tokens, seconds):
        # task 9.4 begin
        filling = int(tokens * self.target_gap / seconds) if seconds > 0 else self.high
        self.tokens = max(self.low, min(filling, 2 * self.tokens, self.high))
        # task 9.4 end
