"""You leave room only for the tokens of requests that decode. A prompt that is half read comes before any guess, too.

task: 13.2
caught-by: test_day_13.py::test_who_is_half_read_comes_before_guesses[25-3-20]
"""


class SpeculativeScheduler:
    def _propose(self):
        # task 13.2 begin
        asked = [request for request in self.running.values() if request.state is RequestState.DECODING]
        left = self.max_batched_tokens - len(asked)
        allotted = self.control.allot(asked, left)
        most = [
            max(0, min(count, request.max_tokens - len(request.tokens) - 1))
            for request, count in zip(asked, allotted, strict=True)
        ]
        for request, limit, guesses in zip(asked, most, self._ask(asked, most), strict=True):
            count = min(len(guesses), limit, left)
            if count and (count := self._room_for(request, count)):
                self._guesses[request.id] = guesses[:count]
                left -= count
        # task 13.2 end
