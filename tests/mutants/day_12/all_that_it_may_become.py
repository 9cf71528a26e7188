"""You gave pages for all that a request may grow to: as on Day 9, and memory stays empty.

task: 12.2
caught-by: test_day_12.py::test_a_table_grows_when_its_last_page_is_full
"""


class PagedScheduler:
    def _grow(self, request):
        # task 12.2 begin
        table = self.tables[request.id]
        more = self.allocator.allocate(self._pages_for(len(request.prompt) + request.max_tokens) - len(table))
        if more is None:
            return False
        table += more
        return True
        # task 12.2 end
