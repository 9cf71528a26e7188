"""You divided by the seconds of a step, which may be none.

task: 9.4
caught-by: test_day_09.py::test_a_step_that_took_no_time
"""


class TokenBudget:
    def observe(self, tokens, seconds):
        # task 9.4 begin
        if tokens < self.tokens and seconds <= self.target_gap:
            return
        filling = int(tokens * self.target_gap / seconds)
        self.tokens = max(self.low, min(filling, 2 * self.tokens, self.high))
        # task 9.4 end
