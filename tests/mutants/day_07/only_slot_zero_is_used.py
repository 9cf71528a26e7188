"""You admit a request only when none runs: one slot is used, and the others stay empty.

task: 7.3
caught-by: test_day_07.py::test_requests_get_the_lowest_slots_in_order
"""


class ContinuousBatcher:
    def admit(self):
        # task 7.3 begin
        while self.waiting and not self.running:
            request = self.waiting[0]
            reserved = sum(_most_tokens(each) for each in self.running.values())
            if reserved + _most_tokens(request) > self.max_batch_tokens:
                return
            slot = self.slots.allocate_slot(request.id)
            if slot is None:
                return
            self.waiting.popleft()
            self.running[slot] = request
            request.advance(RequestState.PREFILLING)
        # task 7.3 end
