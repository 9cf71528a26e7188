"""You evicted the unused block with the lowest number. A number says where a block is, not how old.

task: 11.2
caught-by: test_day_11.py::test_who_was_released_first_goes_first
"""


class PrefixCache:
    def _evict(self):
        # task 11.2 begin
        number = min(self._unused)
        block = self._unused.pop(number)
        del self._named[block.name]
        return number
        # task 11.2 end
