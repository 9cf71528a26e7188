"""You stopped before the shortest end: range does not reach its stop.

task: 13.1
caught-by: test_day_13.py::test_ends_are_at_least_so_long[2-guesses1]
"""


class PromptLookup:
    def _endings(self, request, stop):
        # task 13.1 begin
        tokens = tuple(tokens_between(request, max(0, stop - self.longest), stop))
        return [tokens[-size:] for size in range(len(tokens), self.shortest, -1)]
        # task 13.1 end
