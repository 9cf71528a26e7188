"""You counted the free pages only. Kept pages that nothing uses are available too: in the end all pages are such.

task: 12.1
caught-by: test_day_12.py::test_free_pages_first_then_the_least_recently_used
"""


class BlockAllocator:
    def allocate(self, count):
        # task 12.1 begin
        if count > self.num_free:
            return None
        pages = []
        for _ in range(count):
            number = heappop(self._free) if self._free else self._evict()
            page = Block(number, b"", None, (), "", users=1)
            self._blocks[number] = page
            pages.append(page)
        return pages
        # task 12.1 end
