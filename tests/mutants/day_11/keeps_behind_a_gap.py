"""You went on after a block that found no place: the next one is stored as if it were the first of a request.

task: 11.4
caught-by: test_day_11.py::test_a_block_without_its_beginning_is_not_kept
"""


class CachingScheduler:
    def _keep(self, request, stop):
        # task 11.4 begin
        chain, size = self._chains[request.id], self.cache.block_size
        after = chain[-1] if chain else None
        for start in range(len(chain) * size, stop - size + 1, size):
            after = self.cache.reserve(tokens_between(request, start, start + size), request.cache_salt, after)
            if after is None:
                continue
            self._reserved.setdefault(request.id, []).append(after)
            self._keeps.append(BlockCopy(after.number, self.slot_of[request.id], start))
        # task 11.4 end
