"""You read every newcomer from its first token: what a prefix cache holds is computed again.

task: 9.1
caught-by: test_day_09.py::test_tokens_that_are_computed_already_are_not_computed_again
"""


class Scheduler:
    def _admit(self):
        # task 9.1 begin
        request = self.waiting.first(list(self.running.values()), self.steps)
        if request is None or not self._fits(request):
            return None
        slot = self._slots.allocate_slot(request.id)
        if slot is None:
            return None
        self.waiting.remove(request)
        self.running[request.id], self.slot_of[request.id] = request, slot
        request.num_computed_tokens = 0
        request.advance(RequestState.PREFILLING)
        return request
        # task 9.1 end
