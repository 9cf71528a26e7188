"""You counted pages for the whole prompt, though others have some of them already: far fewer run than could.

task: 12.2
caught-by: test_day_12.py::test_shared_pages_count_once
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
        unused = sum(page.users == 0 for page in shared)
        growth = self.headroom * (len(self.running) + 1)
        return self._pages_for(length(request)) + unused + growth <= self.allocator.num_available
        # task 12.2 end
