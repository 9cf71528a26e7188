"""You made room first, and only then checked whether the block is wanted at all: each refusal loses one.

task: 11.2
caught-by: test_day_11.py::test_a_refused_reservation_changes_nothing[0]
"""


class PrefixCache:
    def reserve(self, tokens, salt="", after=None):
        # task 11.2 begin
        here = tuple(tokens)
        name = self._name(after, here, salt)
        if not (self._free or self._unused):
            return None
        number = self._free.pop() if self._free else self._evict()
        if name in self._named:
            return None
        block = Block(number, name, after, here, salt, users=1)
        self._named[name] = block
        return block
        # task 11.2 end
