"""You skipped a block that was not there and went on: what follows comes after other tokens.

task: 11.3
caught-by: test_day_11.py::test_the_walk_ends_at_the_first_difference
"""


class PrefixCache:
    def match(self, tokens, salt="", after=None):
        # task 11.3 begin
        found: list[Block] = []
        for start in range(0, len(tokens) - self.block_size + 1, self.block_size):
            here = tuple(tokens[start : start + self.block_size])
            block = self._named.get(self._name(after, here, salt))
            if block is None or not block.kept or (block.parent, block.tokens, block.salt) != (after, here, salt):
                continue
            found.append(block)
            after = block
        return found
        # task 11.3 end
