"""You counted the right ones only. The first wrong guess was checked as well.

task: 13.7
caught-by: test_day_13.py::test_acceptance_follows_what_happens
"""


class Record:
    def judge(self, guesses, right):
        # task 13.7 begin
        self._right = FORGET * self._right + right
        self._tried = FORGET * self._tried + right
        # task 13.7 end
