"""You believed the name. Two blocks may have the same one, and then a caller gets an answer to another text.

task: 11.3
caught-by: test_day_11.py::test_a_name_that_everybody_has[other-tokens]
"""


class PrefixCache:
    def match(self, tokens, salt="", after=None):
        # task 11.3 begin
        found: list[Block] = []
        for start in range(0, len(tokens) - self.block_size + 1, self.block_size):
            here = tuple(tokens[start : start + self.block_size])
            block = self._named.get(self._name(after, here, salt))
            if block is None or not block.kept:
                break
            found.append(block)
            after = block
        return found
        # task 11.3 end
