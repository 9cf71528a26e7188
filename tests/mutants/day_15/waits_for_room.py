"""You drop what has no room, and go on as if nothing had happened. The reader then has an answer with a hole in it, and does not know.

task: 15.1
caught-by: test_day_15.py::test_one_more_than_the_bound_cuts_the_reader_off
"""


class EventStream:
    def put(self, event):
        # task 15.1 begin
        if not self._ended and len(self._unread) >= self.bound:
            return False
        if self._ended:
            return False
        self._unread.append(event)
        self._news.set()
        return True
        # task 15.1 end
