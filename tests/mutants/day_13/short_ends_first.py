"""You looked for the shortest end first. The longer the end that came before, the likelier is what followed it.

task: 13.1
caught-by: test_day_13.py::test_a_longer_end_counts_more_than_a_later_one
"""


class PromptLookup:
    def _endings(self, request, stop):
        # task 13.1 begin
        tokens = tuple(tokens_between(request, max(0, stop - self.longest), stop))
        return [tokens[-size:] for size in range(self.shortest, len(tokens) + 1)]
        # task 13.1 end
