"""Your `put` returns nothing when it takes an event. None is no yes: whoever puts takes the reader for cut off.

task: 15.1
caught-by: test_day_15.py::test_events_are_read_in_the_order_in_which_they_were_put
"""


class EventStream:
    def put(self, event):
        # task 15.1 begin
        if not self._ended and len(self._unread) >= self.bound:
            self.end(TooSlow(f"{self.bound} events lay unread, and another one came: read faster"))
        if self._ended:
            return False
        self._unread.append(event)
        self._news.set()
        # task 15.1 end
