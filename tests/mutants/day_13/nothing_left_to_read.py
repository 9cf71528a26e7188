"""If no token has come since the last call, your draft reads none, and so says nothing. The last token is always
read.

task: 13.5
caught-by: test_day_13.py::test_the_same_again_if_no_token_came
"""


class DraftModel:
    def _catch_up(self, requests):
        # task 13.5 begin
        work, left = [], self.max_batched_tokens
        for request in requests:
            seen = self._row(request)
            if seen is None or not left:
                continue
            right = came_true(seen.guessed, tokens_between(request, seen.computed, length(request)))
            start = min(seen.computed + right, length(request))
            stop = min(length(request), start + left)
            seen.computed, seen.guessed = stop, []
            left -= stop - start
            wanted = int(stop == length(request))
            tokens = tokens_between(request, start, stop)
            work.append(Work(request.id, seen.slot, start, tokens, wanted, request.sampling))
        return work
        # task 13.5 end
