"""You counted a wrong guess where all were right.

task: 13.7
caught-by: test_day_13.py::test_what_is_learned_of_guesses[all-of-4]
"""


class Record:
    def judge(self, guesses, right):
        # task 13.7 begin
        self._right = FORGET * self._right + right
        self._tried = FORGET * self._tried + right + 1
        # task 13.7 end
