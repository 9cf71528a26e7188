"""You removed the first, whichever was given up.

task: 10.1
caught-by: test_day_10.py::test_anybody_may_leave
"""


class Fifo:
    def remove(self, request):
        # task 10.1 begin
        first = self.first([], 0)
        if first is not None:
            del self._waiting[first.id]
        # task 10.1 end
