"""You took a page for guesses even when they fit after the tokens that are there.

task: 13.2
caught-by: test_day_13.py::test_guesses_take_a_page_when_they_need_it[1-2]
"""


class SpeculativePagedScheduler:
    def _room_for(self, request, guesses):
        # task 13.2 begin
        table = self.tables[request.id]
        missing = max(1, self._pages_for(length(request) + guesses) - len(table))
        table += self.allocator.allocate(min(missing, self.allocator.num_available)) or ()
        return min(guesses, len(table) * self.allocator.block_size - length(request))
        # task 13.2 end
