"""You let requests age by their number, not by the steps that they wait.

task: 10.2
caught-by: test_day_10.py::test_waiting_is_forgiven
"""


class ShortestFirst:
    def key(self, request, arrival):
        # task 10.2 begin
        return self.estimate(request) + self.ageing * arrival.number
        # task 10.2 end
