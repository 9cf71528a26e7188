"""You let the id decide between equal ones.

task: 10.2
caught-by: test_day_10.py::test_equal_work_in_order_of_arrival
"""


class Fifo:
    def add(self, request, arrival):
        # task 10.1 begin
        entry = (self.key(request, arrival), 0, request.id)
        self._waiting[request.id] = (entry, request)
        heapq.heappush(self._heap, entry)
        # task 10.1 end
