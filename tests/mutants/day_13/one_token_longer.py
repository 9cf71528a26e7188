"""Your ends have one token more than `longest`.

task: 13.1
caught-by: test_day_13.py::test_ends_are_at_most_so_long[2-6]
"""


class PromptLookup:
    def _endings(self, request, stop):
        # task 13.1 begin
        tokens = tuple(tokens_between(request, max(0, stop - self.longest - 1), stop))
        return [tokens[-size:] for size in range(len(tokens), self.shortest - 1, -1)]
        # task 13.1 end
