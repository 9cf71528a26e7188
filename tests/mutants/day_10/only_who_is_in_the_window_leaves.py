"""You looked for the request that leaves only in the window.

task: 10.3
caught-by: test_day_10.py::test_who_stands_behind_the_window_may_leave
"""


class LengthBalanced:
    def remove(self, request):
        # task 10.3 begin
        oldest = self._oldest
        del self._waiting[next(place for place, entry in enumerate(self._waiting[: self.window]) if entry[2] is request)]
        self._passed = 0 if request is oldest else self._passed + 1
        # task 10.3 end
