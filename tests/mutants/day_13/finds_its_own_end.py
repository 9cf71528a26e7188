"""You entered the end of the text too. Nothing follows it yet, so the end finds itself, and nothing to guess.

task: 13.1
caught-by: test_day_13.py::test_what_stood_behind_the_same_tokens
"""


class PromptLookup:
    def _match(self, request):
        # task 13.1 begin
        behind, stop = self._behind.setdefault(request.id, {}), length(request)
        for place in range(max(1, self._read.get(request.id, 0)), stop + 1):
            for ending in self._endings(request, place):
                behind[ending] = place
        self._read[request.id] = stop
        return next((behind[ending] for ending in self._endings(request, stop) if ending in behind), None)
        # task 13.1 end

    def propose(self, requests, most):
        # task 13.1 begin
        found: list[list[int]] = []
        for request, limit in zip(requests, most, strict=True):
            place = self._match(request) if limit > 0 else None
            if place is None:
                found.append([])
                continue
            guesses = list(tokens_between(request, place, place + limit))
            if not guesses:
                found.append([])
                continue
            period = length(request) - place
            while len(guesses) < limit:
                guesses.append(guesses[len(guesses) - period])
            found.append(guesses)
        return found
        # task 13.1 end
