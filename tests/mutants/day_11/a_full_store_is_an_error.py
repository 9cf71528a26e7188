"""You raised an error when all places are in use. Nothing is wrong: the block is just not stored.

task: 11.2
caught-by: test_day_11.py::test_what_is_in_use_is_never_evicted
"""


class PrefixCache:
    def reserve(self, tokens, salt="", after=None):
        # task 11.2 begin
        here = tuple(tokens)
        name = self._name(after, here, salt)
        if name in self._named:
            return None
        if not (self._free or self._unused):
            raise MemoryError("all blocks are in use")
        block = Block(self._free.pop() if self._free else self._evict(), name, after, here, salt, users=1)
        self._named[name] = block
        return block
        # task 11.2 end
