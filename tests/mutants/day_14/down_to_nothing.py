"""You let one slow step cut the tokens to less than half. A machine that hiccups once is then slow for long.

task: 14.6
caught-by: test_day_14.py::test_one_odd_step_moves_little
"""


class LoadControl:
    def _follow(self, tokens, seconds):
        # task 14.6 begin
        full = tokens >= int(self.tokens)
        if not full and seconds <= self.target_tpot:
            return
        factor = (self.target_tpot / seconds) ** 0.5 if seconds > 0 else 2.0
        start = max(self.tokens, tokens) if full else tokens
        self.tokens = max(self.low, min(start * min(factor, 2.0), self.high))
        # task 14.6 end
