"""You let a later end replace the first. There is one end.

task: 15.1
caught-by: test_day_15.py::test_the_first_end_counts[error]
"""


class EventStream:
    def end(self, error=None):
        # task 15.1 begin
        self._ended, self._error = True, error
        self._news.set()
        # task 15.1 end
