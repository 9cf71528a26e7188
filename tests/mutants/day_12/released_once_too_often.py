"""You did not check that the page is in use: a kept one that is released twice has minus one users.

task: 12.1
caught-by: test_day_12.py::test_a_published_page_that_nobody_uses_is_released_once
"""


class BlockAllocator:
    def release(self, blocks):
        # task 12.1 begin
        self._require_known(blocks)
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
