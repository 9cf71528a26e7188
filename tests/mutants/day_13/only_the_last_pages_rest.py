"""You let guesses fill the last page only, and never took another one.

task: 13.2
caught-by: test_day_13.py::test_guesses_take_pages_that_are_left[6-guesses0]
"""


class SpeculativePagedScheduler:
    def _room_for(self, request, guesses):
        # task 13.2 begin
        table = self.tables[request.id]
        return min(guesses, len(table) * self.allocator.block_size - length(request))
        # task 13.2 end
