"""You ordered by the prompt and forgot the answer, which takes a step a token.

task: 10.2
caught-by: test_day_10.py::test_least_work_first
"""


class ShortestFirst:
    def key(self, request, arrival):
        # task 10.2 begin
        return len(request.prompt) + self.ageing * arrival.step
        # task 10.2 end
