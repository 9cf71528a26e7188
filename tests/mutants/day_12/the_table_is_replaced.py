"""You put the new pages in place of the table: what was in it is lost.

task: 12.2
caught-by: test_day_12.py::test_a_table_grows_when_its_last_page_is_full
"""


class PagedScheduler:
    def _grow(self, request):
        # task 12.2 begin
        table = self.tables[request.id]
        more = self.allocator.allocate(self._pages_for(length(request)) - len(table))
        if more is None:
            return False
        self.tables[request.id] = more or table
        return True
        # task 12.2 end
