"""You did not note which block it comes after.

task: 11.2
caught-by: test_day_11.py::test_a_block_knows_what_comes_before
"""


class PrefixCache:
    def reserve(self, tokens, salt="", after=None):
        # task 11.2 begin
        here = tuple(tokens)
        name = self._name(after, here, salt)
        if name in self._named or not (self._free or self._unused):
            return None
        block = Block(self._free.pop() if self._free else self._evict(), name, None, here, salt, users=1)
        self._named[name] = block
        return block
        # task 11.2 end
