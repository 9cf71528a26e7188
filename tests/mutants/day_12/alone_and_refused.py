"""You asked for headroom even when nothing runs: a request that fits waits forever.

task: 12.2
caught-by: test_day_12.py::test_who_is_alone_needs_no_headroom
"""


class PagedScheduler:
    def _fits(self, request):
        # task 12.2 begin
        other = self._sampled(request)
        if other is not None and not self._is_read(other):
            return False
        shared = self._shared(request)
        whole = min(
            len(shared), (length(request) - 1) // self.allocator.block_size
        )  # a page that it writes to is its own
        unused = sum(page.users == 0 for page in shared)
        growth = self.headroom * (len(self.running) + 1)
        return self._pages_for(length(request)) - whole + unused + growth <= self.allocator.num_available
        # task 12.2 end
