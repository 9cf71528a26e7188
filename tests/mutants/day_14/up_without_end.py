"""You let one quick step more than double the tokens. A step without much work in it promises too much.

task: 14.6
caught-by: test_day_14.py::test_a_full_step_corrects_by_half[0.01-200]
"""


class LoadControl:
    def _follow(self, tokens, seconds):
        # task 14.6 begin
        full = tokens >= int(self.tokens)
        if not full and seconds <= self.target_tpot:
            return
        factor = (self.target_tpot / seconds) ** 0.5 if seconds > 0 else 4.0
        start = max(self.tokens, tokens) if full else tokens
        self.tokens = max(self.low, min(start * max(0.5, factor), self.high))
        # task 14.6 end
