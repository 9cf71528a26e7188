"""You added both prices. A step with guesses reads the weights once.

task: 13.7
caught-by: test_day_13.py::test_guesses_never_make_a_step_shorter
"""


class MeasuredGuesses:
    def seconds(self, rows, guesses):
        # task 13.7 begin
        plain = self.plain.of(rows)
        return plain + self.guessing.of(rows + guesses) if guesses else plain
        # task 13.7 end
