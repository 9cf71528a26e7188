"""You looked in the prompt only. An answer quotes itself as well.

task: 13.1
caught-by: test_day_13.py::test_prompt_and_answer_are_one_text
"""


class PromptLookup:
    def _match(self, request):
        # task 13.1 begin
        behind, stop = self._behind.setdefault(request.id, {}), length(request)
        for place in range(max(1, self._read.get(request.id, 0)), min(stop, len(request.prompt))):
            for ending in self._endings(request, place):
                behind[ending] = place
        self._read[request.id] = min(stop, len(request.prompt))
        return next((behind[ending] for ending in self._endings(request, stop) if ending in behind), None)
        # task 13.1 end
