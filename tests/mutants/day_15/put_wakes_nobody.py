"""You put an event down and wake nobody. A reader who sleeps until there is news sleeps forever.

task: 15.1
caught-by: test_day_15.py::test_a_reader_waits_for_what_comes
"""


class EventStream:
    def put(self, event):
        # task 15.1 begin
        if not self._ended and len(self._unread) >= self.bound:
            self.end(TooSlow(f"{self.bound} events lay unread, and another one came: read faster"))
        if self._ended:
            return False
        self._unread.append(event)
        return True
        # task 15.1 end
