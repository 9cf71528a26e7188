"""If there were too few pages for all guesses, you took none. Take those that are available.

task: 13.2
caught-by: test_day_13.py::test_guesses_take_pages_that_are_left[5-guesses1]
"""


class SpeculativePagedScheduler:
    def _room_for(self, request, guesses):
        # task 13.2 begin
        table = self.tables[request.id]
        missing = max(0, self._pages_for(length(request) + guesses) - len(table))
        table += self.allocator.allocate(missing) or ()
        return min(guesses, len(table) * self.allocator.block_size - length(request))
        # task 13.2 end
