"""Your draft reads each request from the start in every call. It has a cache: read what is missing.

task: 13.5
caught-by: test_day_13.py::test_wrong_guesses_are_taken_back[0-6-1]
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
            start = 0 * right
            stop = min(length(request), start + left)
            seen.computed, seen.guessed = stop, []
            left -= stop - start
            wanted = int(stop == length(request))
            tokens = tokens_between(request, start, stop)
            work.append(Work(request.id, seen.slot, start, tokens, wanted, request.sampling))
        return work
        # task 13.5 end
