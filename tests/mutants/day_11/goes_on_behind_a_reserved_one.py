"""You skipped a block that is only reserved, and gave those after it: there is a hole in what they depend on.

task: 11.3
caught-by: test_day_11.py::test_a_gap_ends_the_walk
"""


class PrefixCache:
    def match(self, tokens, salt="", after=None):
        # task 11.3 begin
        found: list[Block] = []
        for start in range(0, len(tokens) - self.block_size + 1, self.block_size):
            here = tuple(tokens[start : start + self.block_size])
            block = self._named.get(self._name(after, here, salt))
            if block is None or (block.parent, block.tokens, block.salt) != (after, here, salt):
                break
            if block.kept:
                found.append(block)
            after = block
        return found
        # task 11.3 end
