"""You guessed the tokens that matched. They are there already: guess what followed them.

task: 13.1
caught-by: test_day_13.py::test_what_stood_behind_the_same_tokens
"""


class PromptLookup:
    def _match(self, request):
        # task 13.1 begin
        behind, stop = self._behind.setdefault(request.id, {}), length(request)
        for place in range(max(1, self._read.get(request.id, 0)), stop):
            for ending in self._endings(request, place):
                behind[ending] = place - len(ending)
        self._read[request.id] = stop
        return next((behind[ending] for ending in self._endings(request, stop) if ending in behind), None)
        # task 13.1 end
