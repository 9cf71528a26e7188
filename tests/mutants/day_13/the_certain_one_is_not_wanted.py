"""You asked for the logits of the guesses only. Those of the token before them say whether the first guess is right.

task: 13.2
caught-by: test_day_13.py::test_guesses_stand_behind_the_token[slots]
"""


class SpeculativeScheduler:
    def _work(self, request, left):
        # task 13.2 begin
        guesses = self._guesses.get(request.id, ())
        if not guesses:
            return work
        return work._replace(tokens=[*work.tokens, *guesses], wanted=len(guesses))
        # task 13.2 end
