"""You gave each request all that the step has left. What one has taken, the next can't have.

task: 13.2
caught-by: test_day_13.py::test_guesses_take_what_the_step_has_left[14-guesses2]
"""


class SpeculativeScheduler:
    def _propose(self):
        # task 13.2 begin
        asked = [request for request in self.running.values() if request.state is RequestState.DECODING]
        left = max(0, self.max_batched_tokens - sum(map(num_wanted, self.running.values())))
        allotted = self.control.allot(asked, left)
        most = [
            max(0, min(count, request.max_tokens - len(request.tokens) - 1))
            for request, count in zip(asked, allotted, strict=True)
        ]
        for request, limit, guesses in zip(asked, most, self._ask(asked, most), strict=True):
            count = min(len(guesses), limit, left)
            if count and (count := self._room_for(request, count)):
                self._guesses[request.id] = guesses[:count]
        # task 13.2 end
