"""You counted a block of which only the first tokens agree: it has keys and values for others too.

task: 11.3
caught-by: test_day_11.py::test_only_whole_blocks[2-0]
"""


class PrefixCache:
    def match(self, tokens, salt="", after=None):
        # task 11.3 begin
        found: list[Block] = []
        for start in range(0, len(tokens), self.block_size):
            here = tuple(tokens[start : start + self.block_size])
            block = next((each for each in self._named.values() if each.parent is after and each.tokens[: len(here)] == here), None)
            if block is None or not block.kept or block.salt != salt:
                break
            found.append(block)
            after = block
        return found
        # task 11.3 end
