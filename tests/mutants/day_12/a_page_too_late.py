"""You gave a page for the next token a step late: it is written past the end of the table.

task: 12.2
caught-by: test_day_12.py::test_a_table_grows_when_its_last_page_is_full
"""


class PagedScheduler:
    def _grow(self, request):
        # task 12.2 begin
        table = self.tables[request.id]
        more = self.allocator.allocate(self._pages_for(length(request) - 1) - len(table))
        if more is None:
            return False
        table += more
        return True
        # task 12.2 end
