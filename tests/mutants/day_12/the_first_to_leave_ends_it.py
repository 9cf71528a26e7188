"""You let the first release end the use of all: another request still reads what is now free.

task: 12.1
caught-by: test_day_12.py::test_shared_pages_are_released_by_all
"""


class BlockAllocator:
    def release(self, blocks):
        # task 12.1 begin
        self._require_known(blocks)
        for page in blocks:
            if page.users < 1:
                raise ValueError(f"page {page.number} is used by nobody: it was released before")
        for page in reversed(blocks):
            page.users = 0
            if page.users:
                continue
            if page.kept:
                self._unused[page.number] = page
            else:
                self._blocks[page.number] = None
                heappush(self._free, page.number)
        # task 12.1 end
