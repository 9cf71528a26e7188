"""You counted found pages that are not in use as needing no room, and also as available: they can't be both.

task: 12.2
caught-by: test_day_12.py::test_a_found_page_that_nobody_uses_is_no_longer_to_be_had
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
        growth = self.headroom * (len(self.running) + 1)
        return self._pages_for(length(request)) - whole + growth <= self.allocator.num_available
        # task 12.2 end
