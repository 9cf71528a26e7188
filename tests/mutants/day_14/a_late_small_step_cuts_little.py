"""A step of half the tokens was late, and you correct the budget that it didn't use. It takes several late steps
until that comes down to what they had.

task: 14.6
caught-by: test_day_14.py::test_a_step_with_little_to_do_says_little[late]
"""


class LoadControl:
    def _follow(self, tokens, seconds):
        # task 14.6 begin
        full = tokens >= int(self.tokens)
        if not full and seconds <= self.target_tpot:
            return
        factor = (self.target_tpot / seconds) ** 0.5 if seconds > 0 else 2.0
        start = max(self.tokens, tokens)
        self.tokens = max(self.low, min(start * max(0.5, min(factor, 2.0)), self.high))
        # task 14.6 end
