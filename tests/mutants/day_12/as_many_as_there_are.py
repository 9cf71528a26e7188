"""You handed out as many pages as there are. A request that needs more has no use for them, and no other has them
either.

task: 12.1
caught-by: test_day_12.py::test_all_or_nothing
"""


class BlockAllocator:
    def allocate(self, count):
        # task 12.1 begin
        count = min(count, self.num_available)
        pages = []
        for _ in range(count):
            number = heappop(self._free) if self._free else self._evict()
            page = Block(number, b"", None, (), "", users=1)
            self._blocks[number] = page
            pages.append(page)
        return pages
        # task 12.1 end
