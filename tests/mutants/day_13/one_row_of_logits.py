"""You asked for one row of logits, as without guesses. Each guess needs the row before it, and there is one more
after the last.

task: 13.2
caught-by: test_day_13.py::test_guesses_stand_behind_the_token[slots]
"""


class SpeculativeScheduler:
    def _work(self, request, left):
        # task 13.2 begin
        guesses = self._guesses.get(request.id, ())
        if not guesses:
            return work
        return work._replace(tokens=[*work.tokens, *guesses])
        # task 13.2 end
