"""You copied the blocks of the chain into the store in every step, though they are already there.

task: 11.4
caught-by: test_day_11.py::test_each_block_is_kept_once
"""


class CachingScheduler:
    def _keep(self, request, stop):
        # task 11.4 begin
        chain, size = self._chains[request.id], self.cache.block_size
        after = chain[-1] if chain else None
        for place, block in enumerate(chain):
            self._keeps.append(BlockCopy(block.number, self.slot_of[request.id], place * size))
        for start in range(len(chain) * size, stop - size + 1, size):
            after = self.cache.reserve(tokens_between(request, start, start + size), request.cache_salt, after)
            if after is None:
                return
            self._reserved.setdefault(request.id, []).append(after)
            self._keeps.append(BlockCopy(after.number, self.slot_of[request.id], start))
        # task 11.4 end
