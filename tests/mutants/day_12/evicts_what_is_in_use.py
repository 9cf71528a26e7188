"""You evicted the page that was published first, whether it is in use or not.

task: 12.1
caught-by: test_day_12.py::test_a_page_in_use_is_never_taken
"""


class BlockAllocator:
    def allocate(self, count):
        # task 12.1 begin
        if count > self.num_available:
            return None
        pages = []
        for _ in range(count):
            if self._free:
                number = heappop(self._free)
            else:
                number = self._named.pop(next(iter(self._named))).number
                self._unused.pop(number, None)
            page = Block(number, b"", None, (), "", users=1)
            self._blocks[number] = page
            pages.append(page)
        return pages
        # task 12.1 end
