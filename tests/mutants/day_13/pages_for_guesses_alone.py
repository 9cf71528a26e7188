"""You counted pages for the guesses alone. They begin in the middle of a page, after the request's tokens.

task: 13.2
caught-by: test_day_13.py::test_guesses_take_pages_that_are_left[6-guesses0]
"""


class SpeculativePagedScheduler:
    def _room_for(self, request, guesses):
        # task 13.2 begin
        table = self.tables[request.id]
        missing = self._pages_for(guesses)
        table += self.allocator.allocate(min(missing, self.allocator.num_available)) or ()
        return min(guesses, len(table) * self.allocator.block_size - length(request))
        # task 13.2 end
