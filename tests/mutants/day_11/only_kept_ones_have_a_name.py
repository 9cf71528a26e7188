"""You reserved a place for what another request is filling right now: two fill two places with the same.

task: 11.2
caught-by: test_day_11.py::test_a_name_is_taken_once[reserved]
"""


class PrefixCache:
    def reserve(self, tokens, salt="", after=None):
        # task 11.2 begin
        here = tuple(tokens)
        name = self._name(after, here, salt)
        if (name in self._named and self._named[name].kept) or not (self._free or self._unused):
            return None
        block = Block(self._free.pop() if self._free else self._evict(), name, after, here, salt, users=1)
        self._named[name] = block
        return block
        # task 11.2 end
