"""You admitted a sample while the prompt of the other one is being read: it reads the prompt once more.

task: 12.2
caught-by: test_day_12.py::test_a_sample_waits_while_the_prompt_is_read
"""


class PagedScheduler:
    def _fits(self, request):
        # task 12.2 begin
        if not self.running:
            return True
        shared = self._shared(request)
        whole = min(
            len(shared), (length(request) - 1) // self.allocator.block_size
        )  # a page that it writes to is its own
        unused = sum(page.users == 0 for page in shared)
        growth = self.headroom * (len(self.running) + 1)
        return self._pages_for(length(request)) - whole + unused + growth <= self.allocator.num_available
        # task 12.2 end
