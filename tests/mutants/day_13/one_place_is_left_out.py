"""You went on one place too far. The token that was not there last time stands at the very place where you stopped.

task: 13.1
caught-by: test_day_13.py::test_growing_texts
"""


class PromptLookup:
    def _match(self, request):
        # task 13.1 begin
        behind, stop = self._behind.setdefault(request.id, {}), length(request)
        for place in range(self._read.get(request.id, 0) + 1, stop):
            for ending in self._endings(request, place):
                behind[ending] = place
        self._read[request.id] = stop
        return next((behind[ending] for ending in self._endings(request, stop) if ending in behind), None)
        # task 13.1 end
