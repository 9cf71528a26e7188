"""You note the end and wake nobody. A reader who waits for an event that will never come waits forever.

task: 15.1
caught-by: test_day_15.py::test_an_end_wakes_who_waits[error]
"""


class EventStream:
    def end(self, error=None):
        # task 15.1 begin
        if not self._ended:
            self._ended, self._error = True, error
        # task 15.1 end
