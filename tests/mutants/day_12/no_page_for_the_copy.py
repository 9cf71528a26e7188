"""You forgot the page for the copy: a sample shares the last page of the prompt until it writes to it, which is at
once.

task: 12.2
caught-by: test_day_12.py::test_a_sample_needs_a_page_for_its_copy
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
        whole = len(shared)
        unused = sum(page.users == 0 for page in shared)
        growth = self.headroom * (len(self.running) + 1)
        return self._pages_for(length(request)) - whole + unused + growth <= self.allocator.num_available
        # task 12.2 end
