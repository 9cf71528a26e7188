"""You emptied the whole store when one place was needed.

task: 11.2
caught-by: test_day_11.py::test_free_blocks_before_kept_ones
"""


class PrefixCache:
    def _evict(self):
        # task 11.2 begin
        for block in self._unused.values():
            del self._named[block.name]
            self._free.append(block.number)
        self._unused.clear()
        return self._free.pop()
        # task 11.2 end
