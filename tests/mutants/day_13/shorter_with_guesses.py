"""You believed that a step with guesses is shorter than one without: then it is only that it was not seen yet.

task: 13.7
caught-by: test_day_13.py::test_guesses_never_make_a_step_shorter
"""


class MeasuredGuesses:
    def seconds(self, rows, guesses):
        # task 13.7 begin
        return self.guessing.of(rows + guesses) if guesses else self.plain.of(rows)
        # task 13.7 end
