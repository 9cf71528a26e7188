"""You gave all guesses the same weight forever. A text that begins to quote is noticed too late.

task: 13.7
caught-by: test_day_13.py::test_acceptance_follows_what_happens
"""


class Record:
    def judge(self, guesses, right):
        # task 13.7 begin
        self._right += right
        self._tried += min(guesses, right + 1)
        # task 13.7 end
