"""You kept a page that has no name: it can never be found.

task: 12.1
caught-by: test_day_12.py::test_released_pages_are_free_again_lowest_first
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
            if page.users == 0:
                self._unused[page.number] = page
            else:
                self._blocks[page.number] = None
                heappush(self._free, page.number)
        # task 12.1 end
