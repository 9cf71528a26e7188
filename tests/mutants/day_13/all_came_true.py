"""You counted all guesses as computed. After the first wrong one, keys and values are those of another text.

task: 13.2
caught-by: test_day_13.py::test_what_came_true_is_computed[0-slots]
"""


class SpeculativeScheduler:
    def _settle(self, request):
        # task 13.2 begin
        had, guesses = self._unsettled.pop(request.id, (0, ()))
        right = len(guesses)
        if right:
            start, slot = request.num_computed_tokens, self.slot_of[request.id]
            super().commit(StepPlan((Work(request.id, slot, start, guesses[:right], 0, request.sampling),)))
        if guesses:
            self.control.judged(request.id, len(guesses), right)
        self._take_back(request)
        # task 13.2 end
