"""You reserved a token less than a request may grow to, because its last one is never stored: ask `_fits`.

task: 9.1
caught-by: test_day_09.py::test_memory_is_used_to_the_last_token_and_no_further[one-too-few]
"""


class Scheduler:
    def _admit(self):
        # task 9.1 begin
        request = self.waiting.first(list(self.running.values()), self.steps)
        if request is None or self.memory_used + len(request.prompt) + request.max_tokens - 1 > self.max_memory_tokens:
            return None
        slot = self._slots.allocate_slot(request.id)
        if slot is None:
            return None
        self.waiting.remove(request)
        self.running[request.id], self.slot_of[request.id] = request, slot
        request.advance(RequestState.PREFILLING)
        return request
        # task 9.1 end
