"""You began with a request's first block in every step: it is stored already, so nothing behind it is kept.

task: 11.4
caught-by: test_day_11.py::test_each_block_is_kept_once
"""


class CachingScheduler:
    def _keep(self, request, stop):
        # task 11.4 begin
        chain, size = self._chains[request.id], self.cache.block_size
        after = None
        for start in range(0, stop - size + 1, size):
            after = self.cache.reserve(tokens_between(request, start, start + size), request.cache_salt, after)
            if after is None:
                return
            self._reserved.setdefault(request.id, []).append(after)
            self._keeps.append(BlockCopy(after.number, self.slot_of[request.id], start))
        # task 11.4 end
