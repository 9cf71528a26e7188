"""You gave one page when more were needed: a prompt may need many at once.

task: 12.2
caught-by: test_day_12.py::test_a_prompt_has_its_pages[5-2]
"""


class PagedScheduler:
    def _grow(self, request):
        # task 12.2 begin
        table = self.tables[request.id]
        more = self.allocator.allocate(min(1, self._pages_for(length(request)) - len(table)))
        if more is None:
            return False
        table += more
        return True
        # task 12.2 end
