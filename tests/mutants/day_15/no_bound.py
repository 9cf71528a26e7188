"""Your stream takes whatever comes. A reader who never reads then costs memory without end.

task: 15.1
caught-by: test_day_15.py::test_one_more_than_the_bound_cuts_the_reader_off[1]
"""


class EventStream:
    def put(self, event):
        # task 15.1 begin
        if self._ended:
            return False
        self._unread.append(event)
        self._news.set()
        return True
        # task 15.1 end
