"""A reader who was cut off and reads on gets new events again, with a gap before them. Once cut off is for good.

task: 15.1
caught-by: test_day_15.py::test_who_was_cut_off_stays_cut_off
"""


class EventStream:
    def put(self, event):
        # task 15.1 begin
        if not self._ended and len(self._unread) >= self.bound:
            self.end(TooSlow(f"{self.bound} events lay unread, and another one came: read faster"))
        if len(self._unread) >= self.bound or (self._ended and not isinstance(self._error, TooSlow)):
            return False
        self._unread.append(event)
        self._news.set()
        return True
        # task 15.1 end
