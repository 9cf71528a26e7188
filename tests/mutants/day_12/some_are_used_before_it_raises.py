"""You looked at each page when its turn came: those before the bad one are used already when it raises.

task: 12.1
caught-by: test_day_12.py::test_a_page_that_is_no_longer_yours[free-use]
"""


class BlockAllocator:
    def use(self, blocks):
        # task 12.1 begin
        for page in blocks:
            self._require_known([page])
            page.users += 1
            self._unused.pop(page.number, None)
        # task 12.1 end
