"""You never counted anew: once impatient, it is first come, first served forever.

task: 10.3
caught-by: test_day_10.py::test_the_next_oldest_has_patience_anew
"""


class LengthBalanced:
    def remove(self, request):
        # task 10.3 begin
        oldest = self._oldest
        del self._waiting[next(place for place, entry in enumerate(self._waiting) if entry[2] is request)]
        self._passed += 1
        # task 10.3 end
