"""You admit newcomers only when all running requests have left. That is static batching under another name.

task: 7.3
caught-by: test_day_07.py::test_a_slot_that_gets_free_is_given_to_the_next
"""


class ContinuousBatcher:
    def admit(self):
        # task 7.3 begin
        if any(each.state is not RequestState.PREFILLING for each in self.running.values()) or self.slots.num_free < self.slots.max_slots:
            return
        while self.waiting:
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
