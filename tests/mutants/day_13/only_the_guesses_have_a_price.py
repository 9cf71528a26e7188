"""You asked for the price of the guesses alone. A step has the rows' own tokens as well.

task: 13.7
caught-by: test_day_13.py::test_guesses_never_make_a_step_shorter
"""


class MeasuredGuesses:
    def seconds(self, rows, guesses):
        # task 13.7 begin
        plain = self.plain.of(rows)
        return max(plain, self.guessing.of(guesses)) if guesses else plain
        # task 13.7 end
