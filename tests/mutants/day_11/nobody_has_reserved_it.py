"""You reserved a block for nobody: the first release of it is one too many.

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
        block = Block(self._free.pop() if self._free else self._evict(), name, after, here, salt)
        self._named[name] = block
        return block
        # task 11.2 end
