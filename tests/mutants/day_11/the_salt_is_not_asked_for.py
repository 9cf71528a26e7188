"""You kept and looked for blocks without the request's salt: tenants share what they have asked.

task: 11.4
caught-by: test_day_11.py::test_tenants_share_nothing
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
            tokens_between(request, start, stop), "", after=chain[-1] if chain else None
        )
        self.cache.use(found)
        chain += found
        for place, block in enumerate(found):
            first = start + place * size
            if first + size > computed:
                self._loads.append(BlockCopy(block.number, self.slot_of[request.id], first))
        if len(chain) * size > computed:
            self._stood[request.id] = computed
            request.num_computed_tokens = len(chain) * size
        # task 11.4 end

    def _keep(self, request, stop):
        # task 11.4 begin
        chain, size = self._chains[request.id], self.cache.block_size
        after = chain[-1] if chain else None
        for start in range(len(chain) * size, stop - size + 1, size):
            after = self.cache.reserve(tokens_between(request, start, start + size), "", after)
            if after is None:
                return
            self._reserved.setdefault(request.id, []).append(after)
            self._keeps.append(BlockCopy(after.number, self.slot_of[request.id], start))
        # task 11.4 end
