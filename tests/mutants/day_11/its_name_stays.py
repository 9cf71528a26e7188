"""You evicted a block and kept its name: it can never be stored again, and is found where something else lies.

task: 11.2
caught-by: test_day_11.py::test_who_is_evicted_can_come_back
"""


class PrefixCache:
    def _evict(self):
        # task 11.2 begin
        number, block = self._unused.popitem(last=False)
        return number
        # task 11.2 end
