"""Your draft reads again what it has guessed right. It is in the cache already.

task: 13.5
caught-by: test_day_13.py::test_wrong_guesses_are_taken_back[1-7-1]
"""


class DraftModel:
    def _catch_up(self, requests):
        # task 13.5 begin
        work, left = [], self.max_batched_tokens
        for request in requests:
            seen = self._row(request)
            if seen is None or not left:
                continue
            right = 0
            start = min(seen.computed + right, length(request) - 1)
            stop = min(length(request), start + left)
            seen.computed, seen.guessed = stop, []
            left -= stop - start
            wanted = int(stop == length(request))
            tokens = tokens_between(request, start, stop)
            work.append(Work(request.id, seen.slot, start, tokens, wanted, request.sampling))
        return work
        # task 13.5 end
