"""You asked for the price without guesses whatever the step. Rows that guess attend in another way.

task: 13.7
caught-by: test_day_13.py::test_guesses_never_make_a_step_shorter
"""


class MeasuredGuesses:
    def seconds(self, rows, guesses):
        # task 13.7 begin
        return self.plain.of(rows + guesses)
        # task 13.7 end
