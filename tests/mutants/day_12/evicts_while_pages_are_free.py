"""You evicted a kept page though there are free ones: it might have been found again.

task: 12.1
caught-by: test_day_12.py::test_free_pages_first_then_the_least_recently_used
"""


class BlockAllocator:
    def allocate(self, count):
        # task 12.1 begin
        if count > self.num_available:
            return None
        pages = []
        for _ in range(count):
            number = self._evict() if self._unused else heappop(self._free)
            page = Block(number, b"", None, (), "", users=1)
            self._blocks[number] = page
            pages.append(page)
        return pages
        # task 12.1 end
