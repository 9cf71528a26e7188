"""Your bound counts all events that were ever put. It is about those that are unread: a reader who keeps up is never
cut off.

task: 15.1
caught-by: test_day_15.py::test_who_keeps_up_is_never_cut_off
"""


class EventStream:
    def put(self, event):
        # task 15.1 begin
        self._count = getattr(self, "_count", 0) + 1
        if not self._ended and self._count > self.bound:
            self.end(TooSlow(f"{self.bound} events lay unread, and another one came: read faster"))
        if self._ended:
            return False
        self._unread.append(event)
        self._news.set()
        return True
        # task 15.1 end
