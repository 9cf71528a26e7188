"""You kept only how the last guesses went.

task: 13.7
caught-by: test_day_13.py::test_what_is_learned_of_guesses[2-of-4]
"""


class Record:
    def judge(self, guesses, right):
        # task 13.7 begin
        self._right = float(right)
        self._tried = float(min(guesses, right + 1))
        # task 13.7 end
