"""You admit while anything of the budget is left, not only requests that fit into the rest.

task: 7.3
caught-by: test_day_07.py::test_a_budget_is_not_exceeded_by_one_token
"""


class ContinuousBatcher:
    def admit(self):
        # task 7.3 begin
        while self.waiting:
            request = self.waiting[0]
            if sum(_most_tokens(each) for each in self.running.values()) >= self.max_batch_tokens:
                return
            slot = self.slots.allocate_slot(request.id)
            if slot is None:
                return
            self.waiting.popleft()
            self.running[slot] = request
            request.advance(RequestState.PREFILLING)
        # task 7.3 end
