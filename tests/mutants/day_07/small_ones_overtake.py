"""You let a request that fits overtake one that does not. A large one may then wait forever.

task: 7.3
caught-by: test_day_07.py::test_running_requests_share_a_budget_of_tokens
"""


class ContinuousBatcher:
    def admit(self):
        # task 7.3 begin
        for request in list(self.waiting):
            reserved = sum(_most_tokens(each) for each in self.running.values())
            if reserved + _most_tokens(request) > self.max_batch_tokens:
                continue
            slot = self.slots.allocate_slot(request.id)
            if slot is None:
                return
            self.waiting.remove(request)
            self.running[slot] = request
            request.advance(RequestState.PREFILLING)
        # task 7.3 end
