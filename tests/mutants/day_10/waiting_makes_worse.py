"""You punished waiting instead of forgiving it.

task: 10.2
caught-by: test_day_10.py::test_waiting_is_forgiven
"""


class ShortestFirst:
    def key(self, request, arrival):
        # task 10.2 begin
        return self.estimate(request) - self.ageing * arrival.step
        # task 10.2 end
