"""You took the price with guesses for a step without any.

task: 13.7
caught-by: test_day_13.py::test_a_step_without_guesses_has_a_price_of_its_own
"""


class MeasuredGuesses:
    def seconds(self, rows, guesses):
        # task 13.7 begin
        return max(self.plain.of(rows), self.guessing.of(rows + guesses))
        # task 13.7 end
