"""You took the oldest out, whichever was admitted.

task: 10.3
caught-by: test_day_10.py::test_an_abort_is_no_admission_of_the_oldest
"""


class LengthBalanced:
    def remove(self, request):
        # task 10.3 begin
        oldest = self._oldest
        del self._waiting[0]
        self._passed = 0 if request is oldest else self._passed + 1
        # task 10.3 end
