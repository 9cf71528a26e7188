"""You ordered blocks by when they were stored: what is used all the time is evicted as if nobody had ever come back.

task: 11.2
caught-by: test_day_11.py::test_to_be_used_again_is_to_be_young_again
"""


class PrefixCache:
    def _evict(self):
        # task 11.2 begin
        name, block = next((name, block) for name, block in self._named.items() if block.users == 0)
        del self._unused[block.number]
        del self._named[name]
        return block.number
        # task 11.2 end
