"""You let all find a block as soon as it was reserved: nothing is in it yet.

task: 11.2
caught-by: test_day_11.py::test_a_block_is_reserved
"""


class PrefixCache:
    def reserve(self, tokens, salt="", after=None):
        # task 11.2 begin
        here = tuple(tokens)
        name = self._name(after, here, salt)
        if name in self._named or not (self._free or self._unused):
            return None
        block = Block(self._free.pop() if self._free else self._evict(), name, after, here, salt, kept=True, users=1)
        self._named[name] = block
        return block
        # task 11.2 end
