"""You guessed what can never come: a request gets `max_tokens` tokens.

task: 13.2
caught-by: test_day_13.py::test_the_last_token_needs_no_guess[4-2]
"""


class SpeculativeScheduler:
    def _propose(self):
        # task 13.2 begin
        asked = [request for request in self.running.values() if request.state is RequestState.DECODING]
        left = max(0, self.max_batched_tokens - sum(map(num_wanted, self.running.values())))
        allotted = self.control.allot(asked, left)
        most = [
            count for count in allotted
        ]
        for request, limit, guesses in zip(asked, most, self._ask(asked, most), strict=True):
            count = min(len(guesses), limit, left)
            if count and (count := self._room_for(request, count)):
                self._guesses[request.id] = guesses[:count]
                left -= count
        # task 13.2 end
