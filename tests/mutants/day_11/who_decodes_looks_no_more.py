"""You looked for stored blocks only while the prompt is read: a chain that another has overtaken never grows again,
and the answer is not kept.

task: 11.4
caught-by: test_day_11.py::test_what_two_have_computed_belongs_to_both
"""


class CachingScheduler:
    def _load(self, request):
        # task 11.4 begin
        chain, size = self._chains.setdefault(request.id, []), self.cache.block_size
        computed = request.num_computed_tokens
        start, stop = len(chain) * size, computed + num_wanted(request) - 1
        if stop - start < size or num_wanted(request) == 1:  # the next block is not whole: nothing to look for
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
            request.num_computed_tokens = len(chain) * size
        # task 11.4 end
