"""You gave newcomers the slot after the last: when a request in the middle leaves, two share a slot.

task: 9.1
caught-by: test_day_09.py::test_a_free_slot_is_used_again_at_once
"""


class Scheduler:
    def _admit(self):
        # task 9.1 begin
        request = self.waiting.first(list(self.running.values()), self.steps)
        if request is None or not self._fits(request):
            return None
        if self._slots.allocate_slot(request.id) is None:
            return None
        slot = len(self.running)
        self.waiting.remove(request)
        self.running[request.id], self.slot_of[request.id] = request, slot
        request.advance(RequestState.PREFILLING)
        return request
        # task 9.1 end
