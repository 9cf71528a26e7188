"""You sent a request that does not fit to the end of the queue. It must keep its place, and the others wait behind it.

task: 7.3
caught-by: test_day_07.py::test_who_does_not_fit_keeps_its_place
"""


class ContinuousBatcher:
    def admit(self):
        # task 7.3 begin
        while self.waiting:
            request = self.waiting[0]
            reserved = sum(_most_tokens(each) for each in self.running.values())
            if reserved + _most_tokens(request) > self.max_batch_tokens:
                self.waiting.rotate(-1)
                return
            slot = self.slots.allocate_slot(request.id)
            if slot is None:
                return
            self.waiting.popleft()
            self.running[slot] = request
            request.advance(RequestState.PREFILLING)
        # task 7.3 end
