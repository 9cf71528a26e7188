"""You forget `high`: while steps are quick the tokens grow without end.

task: 14.6
caught-by: test_day_14.py::test_it_stays_in_its_range[given]
"""


class LoadControl:
    def _follow(self, tokens, seconds):
        # task 14.6 begin
        full = tokens >= int(self.tokens)
        if not full and seconds <= self.target_tpot:
            return
        factor = (self.target_tpot / seconds) ** 0.5 if seconds > 0 else 2.0
        start = max(self.tokens, tokens) if full else tokens
        self.tokens = max(self.low, start * max(0.5, min(factor, 2.0)))
        # task 14.6 end
