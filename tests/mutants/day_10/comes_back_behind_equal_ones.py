"""You ordered equal ones by when they were put into the queue. A request that comes back keeps the number of its
arrival.

task: 10.1
caught-by: test_day_10.py::test_who_comes_back_stands_before_equal_ones_that_came_later
"""


class Fifo:
    def add(self, request, arrival):
        # task 10.1 begin
        self._added = getattr(self, "_added", 0) + 1
        entry = (self.key(request, arrival), self._added, request.id)
        self._waiting[request.id] = (entry, request)
        heapq.heappush(self._heap, entry)
        # task 10.1 end
