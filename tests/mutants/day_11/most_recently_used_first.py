"""You evicted what was released last: it is the most likely to be wanted again.

task: 11.2
caught-by: test_day_11.py::test_who_was_released_first_goes_first
"""


class PrefixCache:
    def _evict(self):
        # task 11.2 begin
        number, block = self._unused.popitem(last=True)
        del self._named[block.name]
        return number
        # task 11.2 end
