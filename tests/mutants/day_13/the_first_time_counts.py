"""You kept the place where tokens came first. What followed them the last time is the better guess.

task: 13.1
caught-by: test_day_13.py::test_of_equally_long_ends_the_latest_counts
"""


class PromptLookup:
    def _match(self, request):
        # task 13.1 begin
        behind, stop = self._behind.setdefault(request.id, {}), length(request)
        for place in range(max(1, self._read.get(request.id, 0)), stop):
            for ending in self._endings(request, place):
                behind.setdefault(ending, place)
        self._read[request.id] = stop
        return next((behind[ending] for ending in self._endings(request, stop) if ending in behind), None)
        # task 13.1 end
