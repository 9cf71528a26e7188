"""You looked without the salt: tenants find what others have asked, and not what they asked themselves.

task: 12.2
caught-by: test_day_12.py::test_tenants_share_nothing[-b]
"""


class PagedScheduler:
    def _shared(self, request):
        # task 12.2 begin
        other = self._sampled(request)
        if other is not None and self._is_read(other) and not request.tokens:
            return self.tables[other.id][: self._pages_for(len(request.prompt))]
        tokens = tokens_between(request, 0, length(request) - 1)
        return self.allocator.match(tokens)
        # task 12.2 end
