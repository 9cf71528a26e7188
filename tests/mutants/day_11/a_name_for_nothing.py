"""You noted the name before there was a place: from then on it counts as stored, and never is.

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
        block = self._named[name] = Block(-1, name, after, here, salt, users=1)
        if not (self._free or self._unused):
            return None
        block.number = self._free.pop() if self._free else self._evict()
        return block
        # task 11.2 end
