"""You add one token to the budget after each step that kept the target, and halve it after one that didn't. It swings
like a saw: on average a quarter of what the machine could do is lost.

task: 14.6
caught-by: test_day_14.py::test_a_full_step_corrects_by_half[0.5625-133]
"""


class LoadControl:
    def _follow(self, tokens, seconds):
        # task 14.6 begin
        full = tokens >= int(self.tokens)
        if not full and seconds <= self.target_tpot:
            return
        factor = (self.target_tpot / seconds) ** 0.5 if seconds > 0 else 2.0
        start = max(self.tokens, tokens) if full else tokens
        self.tokens = max(self.low, min((start + 1 if factor >= 1 else start / 2), self.high))
        # task 14.6 end
