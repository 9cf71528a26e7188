"""You copied all pages that others use. Those that are full are never written to: they may be shared forever.

task: 12.3
caught-by: test_day_12.py::test_four_samples_take_little_more_than_one
"""


class PagedScheduler:
    def _own(self, request):
        # task 12.3 begin
        table = self.tables[request.id]
        shared = [place for place, page in enumerate(table) if page.users > 1]
        if request.num_computed_tokens // self.allocator.block_size not in shared:
            return True
        pages = self.allocator.allocate(len(shared))
        if pages is None:
            return False
        for place, page in zip(shared, pages, strict=True):
            self._copies[request.id if place == shared[-1] else f"{request.id}, {place}"] = (table[place], page)
            table[place] = page
        return True
        # task 12.3 end
