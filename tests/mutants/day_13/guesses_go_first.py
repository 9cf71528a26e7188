"""You put the guesses in front of the request's token.

task: 13.2
caught-by: test_day_13.py::test_guesses_stand_behind_the_token[slots]
"""


class SpeculativeScheduler:
    def _work(self, request, left):
        # task 13.2 begin
        guesses = self._guesses.get(request.id, ())
        if not guesses:
            return work
        return work._replace(tokens=[*guesses, *work.tokens], wanted=1 + len(guesses))
        # task 13.2 end
