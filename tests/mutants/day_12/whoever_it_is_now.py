"""You asked whether the place is in use, not whether this page is in it: you release what is another request's by now.

task: 12.1
caught-by: test_day_12.py::test_a_page_that_is_no_longer_yours[taken-release]
"""


class BlockAllocator:
    def release(self, blocks):
        # task 12.1 begin
        for page in blocks:
            if self._blocks[page.number] is None or page.number in self._unused:
                raise ValueError(f"page {page.number} is used by nobody: it was released before")
        for page in reversed([self._blocks[page.number] for page in blocks]):
            page.users -= 1
            if page.users:
                continue
            if page.kept:
                self._unused[page.number] = page
            else:
                self._blocks[page.number] = None
                heappush(self._free, page.number)
        # task 12.1 end
