"""You gave pages back only if a step with guesses had run. A plan that was never run took some, too.

task: 13.2
caught-by: test_day_13.py::test_pages_of_guesses_that_never_ran_are_given_back
"""


class SpeculativeScheduler:
    def _settle(self, request):
        # task 13.2 begin
        had, guesses = self._unsettled.pop(request.id, (0, ()))
        right = came_true(guesses, request.tokens[had:])
        if right:
            start, slot = request.num_computed_tokens, self.slot_of[request.id]
            super().commit(StepPlan((Work(request.id, slot, start, guesses[:right], 0, request.sampling),)))
        if guesses:
            self.control.judged(request.id, len(guesses), right)
            self._take_back(request)
        # task 13.2 end
