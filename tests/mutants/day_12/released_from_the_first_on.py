"""You released pages from the first to the last: the beginning is evicted before the pages that need it, and the rest
is of no use.

task: 12.1
caught-by: test_day_12.py::test_free_pages_first_then_the_least_recently_used
"""


class BlockAllocator:
    def release(self, blocks):
        # task 12.1 begin
        self._require_known(blocks)
        for page in blocks:
            if page.users < 1:
                raise ValueError(f"page {page.number} is used by nobody: it was released before")
        for page in blocks:
            page.users -= 1
            if page.users:
                continue
            if page.kept:
                self._unused[page.number] = page
            else:
                self._blocks[page.number] = None
                heappush(self._free, page.number)
        # task 12.1 end
