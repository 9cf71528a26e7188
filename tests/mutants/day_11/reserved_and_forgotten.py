"""You copied blocks into the store and noted for nobody that they are reserved: they are never kept, and never free
again.

task: 11.4
caught-by: test_day_11.py::test_a_request_begins_at_what_is_stored[5-4]
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
            self._keeps.append(BlockCopy(after.number, self.slot_of[request.id], start))
        # task 11.4 end
