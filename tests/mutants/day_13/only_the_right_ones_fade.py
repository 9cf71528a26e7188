"""You let the right ones fade, but not those that were tried.

task: 13.7
caught-by: test_day_13.py::test_what_is_usual_is_soon_forgotten
"""


class Record:
    def judge(self, guesses, right):
        # task 13.7 begin
        self._right = FORGET * self._right + right
        self._tried = self._tried + min(guesses, right + 1)
        # task 13.7 end
