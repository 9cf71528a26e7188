"""You count what the running requests hold today, not what they may grow to.

task: 7.3
caught-by: test_day_07.py::test_running_requests_share_a_budget_of_tokens
"""


class ContinuousBatcher:
    def admit(self):
        # task 7.3 begin
        while self.waiting:
            request = self.waiting[0]
            reserved = sum(len(each.prompt) + len(each.tokens) for each in self.running.values())
            if reserved + _most_tokens(request) > self.max_batch_tokens:
                return
            slot = self.slots.allocate_slot(request.id)
            if slot is None:
                return
            self.waiting.popleft()
            self.running[slot] = request
            request.advance(RequestState.PREFILLING)
        # task 7.3 end
