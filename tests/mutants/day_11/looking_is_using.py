"""You let a look count as use: a look is never released.

task: 11.3
caught-by: test_day_11.py::test_looking_uses_nothing
"""


class PrefixCache:
    def match(self, tokens, salt="", after=None):
        # task 11.3 begin
        found: list[Block] = []
        for start in range(0, len(tokens) - self.block_size + 1, self.block_size):
            here = tuple(tokens[start : start + self.block_size])
            block = self._named.get(self._name(after, here, salt))
            if block is None or not block.kept or (block.parent, block.tokens, block.salt) != (after, here, salt):
                break
            found.append(block)
            self.use([block])
            after = block
        return found
        # task 11.3 end
