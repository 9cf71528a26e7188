"""You used a page without checking that it is still the same one: another request writes to it by now.

task: 12.1
caught-by: test_day_12.py::test_a_page_that_is_no_longer_yours[free-use]
"""


class BlockAllocator:
    def use(self, blocks):
        # task 12.1 begin
        for page in blocks:
            page.users += 1
            self._unused.pop(page.number, None)
        # task 12.1 end
