"""You took all shared pages from those that can be had. Those that others use were not among them.

task: 12.2
caught-by: test_day_12.py::test_shared_pages_count_once
"""


class PagedScheduler:
    def _fits(self, request):
        # task 12.2 begin
        if not self.running:
            return True
        other = self._sampled(request)
        if other is not None and num_wanted(other) > 1:
            return False
        shared = self._shared(request)
        whole = min(
            len(shared), (length(request) - 1) // self.allocator.block_size
        )  # a page that it writes to is its own
        unused = len(shared)
        growth = self.headroom * (len(self.running) + 1)
        return self._pages_for(length(request)) - whole + unused + growth <= self.allocator.num_available
        # task 12.2 end
