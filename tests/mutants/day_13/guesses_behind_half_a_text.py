"""A request that was not read to its end guessed all the same, from the middle of its text.

task: 13.5
caught-by: test_day_13.py::test_it_reads_so_many_tokens_a_call[13]
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
            start = min(seen.computed + right, length(request) - 1)
            stop = min(length(request), start + left)
            seen.computed, seen.guessed = stop, []
            left -= stop - start
            wanted = 1
            tokens = tokens_between(request, start, stop)
            work.append(Work(request.id, seen.slot, start, tokens, wanted, request.sampling))
        return work
        # task 13.5 end
