"""You let the new guesses fade too, at once.

task: 13.7
caught-by: test_day_13.py::test_what_is_learned_of_guesses[all-of-4]
"""


class Record:
    def judge(self, guesses, right):
        # task 13.7 begin
        self._right = FORGET * (self._right + right)
        self._tried = FORGET * self._tried + FORGET * min(guesses, right + 1) + 0.1 * right
        # task 13.7 end
