"""Your draft goes on after all of its own guesses, right or wrong.

task: 13.5
caught-by: test_day_13.py::test_who_wants_some_now_and_then
"""


class DraftModel:
    def _catch_up(self, requests):
        # task 13.5 begin
        work, left = [], self.max_batched_tokens
        for request in requests:
            seen = self._row(request)
            if seen is None or not left:
                continue
            right = len(seen.guessed)
            start = min(seen.computed + right, length(request) - 1)
            stop = min(length(request), start + left)
            seen.computed, seen.guessed = stop, []
            left -= stop - start
            wanted = int(stop == length(request))
            tokens = tokens_between(request, start, stop)
            work.append(Work(request.id, seen.slot, start, tokens, wanted, request.sampling))
        return work
        # task 13.5 end
