"""You released pages one by one until one was bad: it raises, and half of them are gone.

task: 12.1
caught-by: test_day_12.py::test_a_page_that_is_no_longer_yours[free-release]
"""


class BlockAllocator:
    def release(self, blocks):
        # task 12.1 begin
        for page in blocks:
            self._require_known([page])
            if page.users < 1:
                raise ValueError(f"page {page.number} is used by nobody: it was released before")
            page.users -= 1
            if page.users:
                continue
            if page.kept:
                self._unused[page.number] = page
                self._unused.move_to_end(page.number)
            else:
                self._blocks[page.number] = None
                heappush(self._free, page.number)
        # task 12.1 end
