"""You took a block for granted. If there is no place for it, it is not kept, and nothing else happens.

task: 11.4
caught-by: test_day_11.py::test_no_room_is_no_error
"""


class CachingScheduler:
    def _keep(self, request, stop):
        # task 11.4 begin
        chain, size = self._chains[request.id], self.cache.block_size
        after = chain[-1] if chain else None
        for start in range(len(chain) * size, stop - size + 1, size):
            after = self.cache.reserve(tokens_between(request, start, start + size), request.cache_salt, after)
            assert after is not None
            self._reserved.setdefault(request.id, []).append(after)
            self._keeps.append(BlockCopy(after.number, self.slot_of[request.id], start))
        # task 11.4 end
