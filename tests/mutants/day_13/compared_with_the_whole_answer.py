"""You compared the guesses with the answer from its beginning. They follow the tokens that it had then.

task: 13.2
caught-by: test_day_13.py::test_what_came_true_is_computed[1-slots]
"""


class SpeculativeScheduler:
    def _settle(self, request):
        # task 13.2 begin
        had, guesses = self._unsettled.pop(request.id, (0, ()))
        right = came_true(guesses, request.tokens)
        if right:
            start, slot = request.num_computed_tokens, self.slot_of[request.id]
            super().commit(StepPlan((Work(request.id, slot, start, guesses[:right], 0, request.sampling),)))
        if guesses:
            self.control.judged(request.id, len(guesses), right)
        self._take_back(request)
        # task 13.2 end
