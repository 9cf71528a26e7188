"""You loaded a request's whole chain in every step: it lies in the slot already.

task: 11.4
caught-by: test_day_11.py::test_where_blocks_are_copied
"""


class CachingScheduler:
    def _load(self, request):
        # task 11.4 begin
        chain, size = self._chains.setdefault(request.id, []), self.cache.block_size
        computed = request.num_computed_tokens
        start, stop = len(chain) * size, computed + num_wanted(request) - 1
        found = self.cache.match(
            tokens_between(request, start, stop), request.cache_salt, after=chain[-1] if chain else None
        )
        self.cache.use(found)
        chain += found
        for place, block in enumerate(chain):
            self._loads.append(BlockCopy(block.number, self.slot_of[request.id], place * size))
        if len(chain) * size > computed:
            self._stood[request.id] = computed
            request.num_computed_tokens = len(chain) * size
        # task 11.4 end
