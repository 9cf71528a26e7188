"""You freed a published page when its last user left. That is when it begins to be of use to others.

task: 12.1
caught-by: test_day_12.py::test_what_nobody_uses_stays_if_it_has_a_name
"""


class BlockAllocator:
    def release(self, blocks):
        # task 12.1 begin
        self._require_known(blocks)
        for page in blocks:
            if page.users < 1:
                raise ValueError(f"page {page.number} is used by nobody: it was released before")
        for page in reversed(blocks):
            page.users -= 1
            if page.users:
                continue
            self._named.pop(page.name, None)
            self._blocks[page.number] = None
            heappush(self._free, page.number)
        # task 12.1 end
