"""You counted from the computed tokens. The newest token is not computed yet, and needs a place of its own.

task: 13.2
caught-by: test_day_13.py::test_guesses_take_pages_that_are_left[3-guesses3]
"""


class SpeculativePagedScheduler:
    def _room_for(self, request, guesses):
        # task 13.2 begin
        table = self.tables[request.id]
        missing = max(0, self._pages_for(length(request) + guesses) - len(table))
        table += self.allocator.allocate(min(missing, self.allocator.num_available)) or ()
        return min(guesses, len(table) * self.allocator.block_size - request.num_computed_tokens)
        # task 13.2 end
