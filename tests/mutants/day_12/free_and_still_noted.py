"""You freed a page and left it noted as what it was: it can be used and released as if nothing had happened.

task: 12.1
caught-by: test_day_12.py::test_a_page_that_is_no_longer_yours[free-use]
"""


class BlockAllocator:
    def release(self, blocks):
        # task 12.1 begin
        self._require_known(blocks)
        for page in blocks:
            if page.users < 1:
                raise ValueError(f"page {page.number} is used by nobody: it was released before")
        for page in reversed(blocks):
            page.users -= 1
            if page.users:
                continue
            if page.kept:
                self._unused[page.number] = page
            else:
                heappush(self._free, page.number)
        # task 12.1 end
