"""You looked for the prompt only: a request that was sent back in the middle of its answer computes the answer again.

task: 12.2
caught-by: test_day_12.py::test_who_is_sent_back_finds_its_pages_again
"""


class PagedScheduler:
    def _shared(self, request):
        # task 12.2 begin
        other = self._sampled(request)
        if other is not None and self._is_read(other) and not request.tokens:
            return self.tables[other.id][: self._pages_for(len(request.prompt))]
        tokens = tokens_between(request, 0, len(request.prompt) - (not request.tokens))
        return self.allocator.match(tokens, request.cache_salt)
        # task 12.2 end
