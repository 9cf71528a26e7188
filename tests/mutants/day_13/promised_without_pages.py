"""You let all guesses go into the step, however many pages there were.

task: 13.2
caught-by: test_day_13.py::test_guesses_take_pages_that_are_left[4-guesses2]
"""


class SpeculativePagedScheduler:
    def _room_for(self, request, guesses):
        # task 13.2 begin
        table = self.tables[request.id]
        missing = max(0, self._pages_for(length(request) + guesses) - len(table))
        table += self.allocator.allocate(min(missing, self.allocator.num_available)) or ()
        return guesses
        # task 13.2 end
