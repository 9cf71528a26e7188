"""You cut the reader off when `bound` events lie there. That many may lie there: only the next one is too many.

task: 15.1
caught-by: test_day_15.py::test_as_many_as_the_bound_may_lie_unread[1]
"""


class EventStream:
    def put(self, event):
        # task 15.1 begin
        if not self._ended and len(self._unread) >= self.bound - 1:
            self.end(TooSlow(f"{self.bound} events lay unread, and another one came: read faster"))
        if self._ended:
            return False
        self._unread.append(event)
        self._news.set()
        return True
        # task 15.1 end
