"""You looked for the longest end only. If it has not come before, a shorter one may have.

task: 13.1
caught-by: test_day_13.py::test_ends_are_at_least_so_long[2-guesses1]
"""


class PromptLookup:
    def _endings(self, request, stop):
        # task 13.1 begin
        tokens = tuple(tokens_between(request, max(0, stop - self.longest), stop))
        return [tokens] if len(tokens) >= self.shortest else []
        # task 13.1 end
