"""You added what came true to the computed tokens. Its pages are full now, but can't be found: commit does both.

task: 13.2
caught-by: test_day_13.py::test_only_what_came_true_is_found[3-pages]
"""


class SpeculativeScheduler:
    def _settle(self, request):
        # task 13.2 begin
        had, guesses = self._unsettled.pop(request.id, (0, ()))
        right = came_true(guesses, request.tokens[had:])
        if right:
            request.num_computed_tokens += right
        if guesses:
            self.control.judged(request.id, len(guesses), right)
        self._take_back(request)
        # task 13.2 end
