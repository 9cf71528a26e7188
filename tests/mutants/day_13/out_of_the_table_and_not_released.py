"""You took the pages of wrong guesses out of the table without releasing them: they are lost.

task: 13.2
caught-by: test_day_13.py::test_pages_of_wrong_guesses_are_given_back[0-2]
"""


class SpeculativePagedScheduler:
    def _take_back(self, request):
        # task 13.2 begin
        table, pages = self.tables[request.id], self._pages_for(length(request))
        del table[pages:]
        # task 13.2 end
