"""After the text's end you repeated the last guess. Count back by as many tokens as lie between the match and the
end.

task: 13.1
caught-by: test_day_13.py::test_what_repeats_goes_on_repeating[two]
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
            while len(guesses) < limit:
                guesses.append(guesses[-1])
            found.append(guesses)
        return found
        # task 13.1 end
