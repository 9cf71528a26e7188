"""You admitted any request that had a slot, and never asked for memory.

task: 9.1
caught-by: test_day_09.py::test_memory_is_reserved_and_nobody_is_overtaken
"""


class Scheduler:
    def _admit(self):
        # task 9.1 begin
        request = self.waiting.first(list(self.running.values()), self.steps)
        if request is None:
            return None
        slot = self._slots.allocate_slot(request.id)
        if slot is None:
            return None
        self.waiting.remove(request)
        self.running[request.id], self.slot_of[request.id] = request, slot
        request.advance(RequestState.PREFILLING)
        return request
        # task 9.1 end
