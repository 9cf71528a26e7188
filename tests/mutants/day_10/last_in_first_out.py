"""You took the newest: under load the first ones wait forever.

task: 10.1
caught-by: test_day_10.py::test_who_came_first_is_first
"""


class Fifo:
    def key(self, request, arrival):
        # task 10.1 begin
        return -arrival.number
        # task 10.1 end
