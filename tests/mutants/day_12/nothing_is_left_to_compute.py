"""You looked for all tokens, the last one too: if all are found, it needs a copy of a page to compute its last token,
and others could have had it.

task: 12.2
caught-by: test_day_12.py::test_at_least_one_token_is_left_to_compute[4-0]
"""


class PagedScheduler:
    def _shared(self, request):
        # task 12.2 begin
        other = self._sampled(request)
        if other is not None and self._is_read(other) and not request.tokens:
            return self.tables[other.id][: self._pages_for(len(request.prompt))]
        tokens = tokens_between(request, 0, length(request))
        return self.allocator.match(tokens, request.cache_salt)
        # task 12.2 end
