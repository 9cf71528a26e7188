"""You looked for the oldest among all blocks at every eviction: with 50,000 of them a step waits for it.

task: 11.2
caught-by: test_day_11.py::test_a_large_cache_is_as_quick_as_a_small_one
"""


class PrefixCache:
    def release(self, blocks):
        # task 11.2 begin
        for block in reversed(blocks):
            block.users -= 1
            if block.users == 0:
                self._unused[block.number] = block
                since = self.__dict__.setdefault("_since", {})
                self._time = since[block.number] = getattr(self, "_time", 0) + 1
        # task 11.2 end

    def _evict(self):
        # task 11.2 begin
        number = min(self._unused, key=self._since.__getitem__)
        block = self._unused.pop(number)
        del self._named[block.name]
        return number
        # task 11.2 end
