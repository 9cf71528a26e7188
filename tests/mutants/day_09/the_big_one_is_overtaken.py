"""You let smaller requests overtake one that does not fit: under load it never runs.

task: 9.1
caught-by: test_day_09.py::test_memory_is_reserved_and_nobody_is_overtaken
"""


class Scheduler:
    def _admit(self):
        # task 9.1 begin
        request = next((each for each, _ in self._known.values() if each.id not in self.running and self._fits(each)), None)
        if request is None or not self._fits(request):
            return None
        slot = self._slots.allocate_slot(request.id)
        if slot is None:
            return None
        self.waiting.remove(request)
        self.running[request.id], self.slot_of[request.id] = request, slot
        request.advance(RequestState.PREFILLING)
        return request
        # task 9.1 end
