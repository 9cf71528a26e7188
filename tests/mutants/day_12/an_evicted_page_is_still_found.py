"""You took the place of a kept page and left its name: it is found, and something else lies there.

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
            number = heappop(self._free) if self._free else self._unused.popitem(last=False)[0]
            page = Block(number, b"", None, (), "", users=1)
            self._blocks[number] = page
            pages.append(page)
        return pages
        # task 12.1 end
