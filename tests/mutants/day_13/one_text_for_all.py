"""You entered all requests' tokens into one dictionary. A place in another request's text says nothing about this one.

task: 13.1
caught-by: test_day_13.py::test_everybody_looks_at_their_own_text
"""


class PromptLookup:
    def _match(self, request):
        # task 13.1 begin
        behind, stop = self._behind.setdefault("", {}), length(request)
        for place in range(max(1, self._read.get(request.id, 0)), stop):
            for ending in self._endings(request, place):
                behind[ending] = place
        self._read[request.id] = stop
        return next((behind[ending] for ending in self._endings(request, stop) if ending in behind), None)
        # task 13.1 end
