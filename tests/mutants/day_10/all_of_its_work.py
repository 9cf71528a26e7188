"""You counted all of a request's work, even the part that is done.

task: 10.2
caught-by: test_day_10.py::test_only_work_that_is_left_counts
"""


class ShortestFirst:
    def key(self, request, arrival):
        # task 10.2 begin
        return len(request.prompt) + request.max_tokens + self.ageing * arrival.step
        # task 10.2 end
