"""You noted the price under the number of guesses. It is looked up by the number of all tokens.

task: 13.7
caught-by: test_day_13.py::test_a_step_lasts_from_its_allotment_to_its_success
"""


class MeasuredGuesses:
    def stepped(self, plan):
        # task 13.7 begin
        seconds = self._clock.now() - self._began
        if all(work.wanted == len(work.tokens) for work in plan.work):
            guesses = plan.num_tokens - len(plan.work)
            (self.guessing if guesses else self.plain).observe(guesses or plan.num_tokens, seconds)
        # task 13.7 end
