"""You put a request that was sent back after all others.

task: 10.1
caught-by: test_day_10.py::test_who_comes_back_has_kept_their_place
"""


class Fifo:
    def key(self, request, arrival):
        # task 10.1 begin
        self._count = getattr(self, "_count", 0) + 1
        return self._count
        # task 10.1 end
