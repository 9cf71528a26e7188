"""You copied the page whether or not others use it: mostly none does, and each step costs a copy.

task: 12.3
caught-by: test_day_12.py::test_only_the_last_page_is_copied_and_only_if_it_is_shared
"""


class PagedScheduler:
    def _own(self, request):
        # task 12.3 begin
        table, place = self.tables[request.id], request.num_computed_tokens // self.allocator.block_size
        if place == len(table):
            return True
        pages = self.allocator.allocate(1)
        if pages is None:
            return False
        self._copies[request.id] = (table[place], pages[0])
        table[place] = pages[0]
        return True
        # task 12.3 end
