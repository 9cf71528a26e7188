"""Near the beginning, `stop - longest` is negative, and Python counts from the back. There are just fewer tokens.

task: 13.1
caught-by: test_day_13.py::test_what_repeats_goes_on_repeating[two]
"""


class PromptLookup:
    def _endings(self, request, stop):
        # task 13.1 begin
        tokens = tuple(tokens_between(request, stop - self.longest, stop))
        return [tokens[-size:] for size in range(len(tokens), self.shortest - 1, -1)]
        # task 13.1 end
