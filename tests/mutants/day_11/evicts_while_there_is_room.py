"""You evicted although blocks were free.

task: 11.2
caught-by: test_day_11.py::test_free_blocks_before_kept_ones
"""


class PrefixCache:
    def reserve(self, tokens, salt="", after=None):
        # task 11.2 begin
        here = tuple(tokens)
        name = self._name(after, here, salt)
        if name in self._named or not (self._free or self._unused):
            return None
        block = Block(self._evict() if self._unused else self._free.pop(), name, after, here, salt, users=1)
        self._named[name] = block
        return block
        # task 11.2 end
