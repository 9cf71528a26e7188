"""You forgot `high`.

task: 9.4
caught-by: test_day_09.py::test_it_never_goes_beyond_high
"""


class TokenBudget:
    def observe(self, tokens, seconds):
        # task 9.4 begin
        if tokens < self.tokens and seconds <= self.target_gap:
            return
        filling = int(tokens * self.target_gap / seconds) if seconds > 0 else self.high
        self.tokens = max(self.low, min(filling, 2 * self.tokens))
        # task 9.4 end
