"""You noted that a page is used, not by how many: the first who leaves takes it from all others.

task: 12.1
caught-by: test_day_12.py::test_shared_pages_are_released_by_all
"""


class BlockAllocator:
    def use(self, blocks):
        # task 12.1 begin
        self._require_known(blocks)
        for page in blocks:
            page.users = 1
            self._unused.pop(page.number, None)
        # task 12.1 end
