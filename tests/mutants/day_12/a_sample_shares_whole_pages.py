"""You looked for a sample's prompt among the published pages: the last page, which is partly full, is computed once
more by each.

task: 12.2
caught-by: test_day_12.py::test_samples_share_a_prompt_and_write_to_copies[10]
"""


class PagedScheduler:
    def _shared(self, request):
        # task 12.2 begin
        tokens = tokens_between(request, 0, length(request) - 1)
        return self.allocator.match(tokens, request.cache_salt)
        # task 12.2 end
