"""You admitted a request and left it in the queue: the next step admits it again.

task: 9.1
caught-by: test_day_09.py::test_nobody_is_admitted_without_a_slot
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
        self.running[request.id], self.slot_of[request.id] = request, slot
        request.advance(RequestState.PREFILLING)
        return request
        # task 9.1 end
