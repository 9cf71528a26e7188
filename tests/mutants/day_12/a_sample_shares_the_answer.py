"""You gave a sample the whole table of the other one. What lies after the prompt's pages is another answer, and only
takes room.

task: 12.2
caught-by: test_day_12.py::test_a_late_sample_shares_the_prompt_only
"""


class PagedScheduler:
    def _shared(self, request):
        # task 12.2 begin
        other = self._sampled(request)
        if other is not None and self._is_read(other) and not request.tokens:
            return self.tables[other.id]
        tokens = tokens_between(request, 0, length(request) - 1)
        return self.allocator.match(tokens, request.cache_salt)
        # task 12.2 end
