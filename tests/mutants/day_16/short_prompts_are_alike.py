"""You gave all prompts without a whole block the same key.

task: 16.4
caught-by: test_day_16.py::test_no_whole_block_is_like_no_other
"""


class PrefixAffinity:
    def key(self, ask):
        # task 16.4 begin
        return ask.prefix[: self.depth][-1] if ask.prefix else b""
        # task 16.4 end
