"""You left headroom for the running requests, and none for the newcomer.

task: 12.2
caught-by: test_day_12.py::test_headroom_may_be_used_to_the_last_page[5-1]
"""


class PagedScheduler:
    def _fits(self, request):
        # task 12.2 begin
        if not self.running:
            return True
        other = self._sampled(request)
        if other is not None and not self._is_read(other):
            return False
        shared = self._shared(request)
        whole = min(
            len(shared), (length(request) - 1) // self.allocator.block_size
        )  # a page that it writes to is its own
        unused = sum(page.users == 0 for page in shared)
        growth = self.headroom * len(self.running)
        return self._pages_for(length(request)) - whole + unused + growth <= self.allocator.num_available
        # task 12.2 end
