"""You released the pages of wrong guesses and left them in the table: another request will write there.

task: 13.2
caught-by: test_day_13.py::test_pages_of_wrong_guesses_are_given_back[0-2]
"""


class SpeculativePagedScheduler:
    def _take_back(self, request):
        # task 13.2 begin
        table, pages = self.tables[request.id], self._pages_for(length(request))
        self.allocator.release(table[pages:])
        # task 13.2 end
