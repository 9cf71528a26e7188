"""You counted all guesses as tried. After the first wrong one, it is unknown what they were worth.

task: 13.7
caught-by: test_day_13.py::test_what_is_learned_of_guesses[2-of-4]
"""


class Record:
    def judge(self, guesses, right):
        # task 13.7 begin
        self._right = FORGET * self._right + right
        self._tried = FORGET * self._tried + guesses
        # task 13.7 end
