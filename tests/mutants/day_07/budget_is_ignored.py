"""You admit every request that finds a slot. Together they may grow to more than `max_batch_tokens`.

task: 7.3
caught-by: test_day_07.py::test_running_requests_share_a_budget_of_tokens
"""


class ContinuousBatcher:
    def admit(self):
        # task 7.3 begin
        while self.waiting:
            request = self.waiting[0]
            reserved = sum(_most_tokens(each) for each in self.running.values())
            slot = self.slots.allocate_slot(request.id)
            if slot is None:
                return
            self.waiting.popleft()
            self.running[slot] = request
            request.advance(RequestState.PREFILLING)
        # task 7.3 end
