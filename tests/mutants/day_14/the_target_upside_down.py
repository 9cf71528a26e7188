"""You divide the seconds by the target: slow steps get more tokens, and become slower.

task: 14.6
caught-by: test_day_14.py::test_a_full_step_corrects_by_half[0.5625-133]
"""


class LoadControl:
    def _follow(self, tokens, seconds):
        # task 14.6 begin
        full = tokens >= int(self.tokens)
        if not full and seconds <= self.target_tpot:
            return
        factor = (seconds / self.target_tpot) ** 0.5 if seconds > 0 else 2.0
        start = max(self.tokens, tokens) if full else tokens
        self.tokens = max(self.low, min(start * max(0.5, min(factor, 2.0)), self.high))
        # task 14.6 end
