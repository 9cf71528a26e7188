"""You learn from a step that was quick because there was little to do. The tokens rise all night, and the first rush finds them too high.

task: 14.6
caught-by: test_day_14.py::test_a_step_with_little_to_do_says_little[quick]
"""


class LoadControl:
    def _follow(self, tokens, seconds):
        # task 14.6 begin
        full = tokens >= int(self.tokens)
        if False:
            return
        factor = (self.target_tpot / seconds) ** 0.5 if seconds > 0 else 2.0
        start = max(self.tokens, tokens) if full else tokens
        self.tokens = max(self.low, min(start * max(0.5, min(factor, 2.0)), self.high))
        # task 14.6 end
