"""You took the first page off the list as if it were sorted. It is a heap, and is none any more afterwards.

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
            number = self._free.pop(0) if self._free else self._evict()
            page = Block(number, b"", None, (), "", users=1)
            self._blocks[number] = page
            pages.append(page)
        return pages
        # task 12.1 end
