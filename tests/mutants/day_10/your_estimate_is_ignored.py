"""You used your own estimate instead of the one that was given.

task: 10.2
caught-by: test_day_10.py::test_an_estimate_of_your_own
"""


class ShortestFirst:
    def key(self, request, arrival):
        # task 10.2 begin
        return len(request.prompt) + request.max_tokens - request.num_computed_tokens + self.ageing * arrival.step
        # task 10.2 end
