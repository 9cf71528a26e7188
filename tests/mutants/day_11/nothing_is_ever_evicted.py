"""You refused a place as soon as no block was free: the first prompts stay for ever, and nobody else's are stored.

task: 11.2
caught-by: test_day_11.py::test_who_is_evicted_can_come_back
"""


class PrefixCache:
    def reserve(self, tokens, salt="", after=None):
        # task 11.2 begin
        here = tuple(tokens)
        name = self._name(after, here, salt)
        if name in self._named or not self._free:
            return None
        block = Block(self._free.pop() if self._free else self._evict(), name, after, here, salt, users=1)
        self._named[name] = block
        return block
        # task 11.2 end
