"""You divided work by age: two waiting requests change places while nothing happens.

task: 10.2
caught-by: test_day_10.py::test_waiting_is_forgiven
"""


class ShortestFirst:
    def key(self, request, arrival):
        # task 10.2 begin
        return self.estimate(request) * (1 + self.ageing * arrival.step)
        # task 10.2 end
