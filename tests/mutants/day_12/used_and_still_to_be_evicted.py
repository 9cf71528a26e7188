"""You used a page and left it among those that may be evicted.

task: 12.1
caught-by: test_day_12.py::test_a_page_in_use_is_never_taken
"""


class BlockAllocator:
    def use(self, blocks):
        # task 12.1 begin
        self._require_known(blocks)
        for page in blocks:
            page.users += 1
        # task 12.1 end
