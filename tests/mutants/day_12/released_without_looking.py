"""You released pages without checking that they are still the same: a page that is free is freed once more, and two
requests get it.

task: 12.1
caught-by: test_day_12.py::test_a_page_that_is_no_longer_yours[free-release]
"""


class BlockAllocator:
    def release(self, blocks):
        # task 12.1 begin
        for page in reversed(blocks):
            page.users -= 1
            if page.users:
                continue
            if page.kept:
                self._unused[page.number] = page
            else:
                self._blocks[page.number] = None
                heappush(self._free, page.number)
        # task 12.1 end
