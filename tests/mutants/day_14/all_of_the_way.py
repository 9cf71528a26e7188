"""You go all of the way at once, without the root. Every odd step is believed, and where steps grow faster than their
tokens, the budget swings.

task: 14.6
caught-by: test_day_14.py::test_a_full_step_corrects_by_half[0.5625-133]
"""


class LoadControl:
    def _follow(self, tokens, seconds):
        # task 14.6 begin
        full = tokens >= int(self.tokens)
        if not full and seconds <= self.target_tpot:
            return
        factor = self.target_tpot / seconds if seconds > 0 else 2.0
        start = max(self.tokens, tokens) if full else tokens
        self.tokens = max(self.low, min(start * max(0.5, min(factor, 2.0)), self.high))
        # task 14.6 end
