"""You handed out the highest free pages first.

task: 12.1
caught-by: test_day_12.py::test_pages_are_handed_out
"""


class BlockAllocator:
    def allocate(self, count):
        # task 12.1 begin
        if count > self.num_available:
            return None
        pages = []
        for _ in range(count):
            number = self._free.pop() if self._free else self._evict()
            page = Block(number, b"", None, (), "", users=1)
            self._blocks[number] = page
            pages.append(page)
        return pages
        # task 12.1 end
