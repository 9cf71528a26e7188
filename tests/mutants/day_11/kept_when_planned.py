"""You kept blocks when they were planned: in the same step others load what has not been computed.

task: 11.4
caught-by: test_day_11.py::test_nothing_is_found_before_its_step_has_succeeded
"""


class CachingScheduler:
    def _keep(self, request, stop):
        # task 11.4 begin
        chain, size = self._chains[request.id], self.cache.block_size
        after = chain[-1] if chain else None
        for start in range(len(chain) * size, stop - size + 1, size):
            after = self.cache.reserve(tokens_between(request, start, start + size), request.cache_salt, after)
            if after is None:
                return
            self.cache.keep([after])
            chain.append(after)
            self._keeps.append(BlockCopy(after.number, self.slot_of[request.id], start))
        # task 11.4 end
