"""You stopped where the text ends. What repeats goes on repeating: guesses go on with guesses.

task: 13.1
caught-by: test_day_13.py::test_what_repeats_goes_on_repeating[one]
"""


class PromptLookup:
    def propose(self, requests, most):
        # task 13.1 begin
        found: list[list[int]] = []
        for request, limit in zip(requests, most, strict=True):
            place = self._match(request) if limit > 0 else None
            if place is None:
                found.append([])
                continue
            guesses = list(tokens_between(request, place, place + limit))
            found.append(guesses)
        return found
        # task 13.1 end
