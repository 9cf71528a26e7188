"""You keep whole tokens. A correction of less than one token is lost each time, and the budget stays below what it could be.

task: 14.6
caught-by: test_day_14.py::test_small_corrections_add_up
"""


class LoadControl:
    def _follow(self, tokens, seconds):
        # task 14.6 begin
        full = tokens >= int(self.tokens)
        if not full and seconds <= self.target_tpot:
            return
        factor = (self.target_tpot / seconds) ** 0.5 if seconds > 0 else 2.0
        start = max(self.tokens, tokens) if full else tokens
        self.tokens = float(int(max(self.low, min(start * max(0.5, min(factor, 2.0)), self.high))))
        # task 14.6 end
