"""You left headroom for the newcomer, and none for the running requests.

task: 12.2
caught-by: test_day_12.py::test_pages_decide_how_many_run
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
        growth = self.headroom
        return self._pages_for(length(request)) - whole + unused + growth <= self.allocator.num_available
        # task 12.2 end
