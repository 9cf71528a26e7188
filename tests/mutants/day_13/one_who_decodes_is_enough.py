"""You counted steps in which any request decodes. All must.

task: 13.7
caught-by: test_day_13.py::test_a_step_in_which_prompts_are_read_is_no_price[with-a-prompt]
"""


class MeasuredGuesses:
    def stepped(self, plan):
        # task 13.7 begin
        seconds = self._clock.now() - self._began
        if any(work.wanted == len(work.tokens) for work in plan.work):
            guesses = plan.num_tokens - len(plan.work)
            (self.guessing if guesses else self.plain).observe(plan.num_tokens, seconds)
        # task 13.7 end
