"""You read the whole text anew for every guess. Continue where the last call stopped.

task: 13.1
caught-by: test_day_13.py::test_a_call_looks_at_what_is_new[prompt]
"""


class PromptLookup:
    def _match(self, request):
        # task 13.1 begin
        behind, stop = self._behind.setdefault(request.id, {}), length(request)
        for place in range(1, stop):
            for ending in self._endings(request, place):
                behind[ending] = place
        self._read[request.id] = stop
        return next((behind[ending] for ending in self._endings(request, stop) if ending in behind), None)
        # task 13.1 end
