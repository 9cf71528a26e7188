"""You count the prompts only. An answer takes memory, too, and it comes when there is none left.

task: 7.3
caught-by: test_day_07.py::test_running_requests_share_a_budget_of_tokens
"""


class ContinuousBatcher:
    def admit(self):
        # task 7.3 begin
        while self.waiting:
            request = self.waiting[0]
            reserved = sum(len(each.prompt) for each in self.running.values())
            if reserved + len(request.prompt) > self.max_batch_tokens:
                return
            slot = self.slots.allocate_slot(request.id)
            if slot is None:
                return
            self.waiting.popleft()
            self.running[slot] = request
            request.advance(RequestState.PREFILLING)
        # task 7.3 end
