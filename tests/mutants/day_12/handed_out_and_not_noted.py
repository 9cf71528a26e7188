"""You handed out pages and did not note what is in their place now: nobody can tell them from free ones.

task: 12.1
caught-by: test_day_12.py::test_released_pages_are_free_again_lowest_first
"""


class BlockAllocator:
    def allocate(self, count):
        # task 12.1 begin
        if count > self.num_available:
            return None
        pages = []
        for _ in range(count):
            number = heappop(self._free) if self._free else self._evict()
            page = Block(number, b"", None, (), "", users=1)
            pages.append(page)
        return pages
        # task 12.1 end
