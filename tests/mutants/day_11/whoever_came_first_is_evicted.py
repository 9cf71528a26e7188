"""You evicted the block that was stored first, whether it is in use or not.

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
        block = Block(self._free.pop() if self._free else self._evict(), name, after, here, salt, users=1)
        self._named[name] = block
        return block
        # task 11.2 end

    def _evict(self):
        # task 11.2 begin
        name, block = next(iter(self._named.items()))
        self._unused.pop(block.number, None)
        del self._named[name]
        return block.number
        # task 11.2 end
