"""You made room by throwing the oldest event away. An answer without its beginning is no answer: a reader who is too
slow must be told.

task: 15.1
caught-by: test_day_15.py::test_one_more_than_the_bound_cuts_the_reader_off[1]
"""


class EventStream:
    def put(self, event):
        # task 15.1 begin
        if not self._ended and len(self._unread) >= self.bound:
            self._unread.popleft()
        if self._ended:
            return False
        self._unread.append(event)
        self._news.set()
        return True
        # task 15.1 end
