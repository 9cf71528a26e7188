"""You loaded blocks and did not count their tokens as computed: all of them are computed once more.

task: 11.4
caught-by: test_day_11.py::test_a_request_begins_at_what_is_stored[5-4]
"""


class CachingScheduler:
    def _load(self, request):
        # task 11.4 begin
        chain, size = self._chains.setdefault(request.id, []), self.cache.block_size
        computed = request.num_computed_tokens
        start, stop = len(chain) * size, computed + num_wanted(request) - 1
        if stop - start < size:  # the next block is not whole: nothing to look for
            return
        found = self.cache.match(
            tokens_between(request, start, stop), request.cache_salt, after=chain[-1] if chain else None
        )
        self.cache.use(found)
        chain += found
        for place, block in enumerate(found):
            first = start + place * size
            if first + size > computed:
                self._loads.append(BlockCopy(block.number, self.slot_of[request.id], first))
        if len(chain) * size > computed:
            self._stood[request.id] = computed
        # task 11.4 end
