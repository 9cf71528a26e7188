"""You took the first of an empty queue.

task: 10.1
caught-by: test_day_10.py::test_nobody_waits
"""


class Fifo:
    def first(self, running, step):
        # task 10.1 begin
        while True:
            entry, request = self._waiting.get(self._heap[0][2], (None, None))
            if entry is self._heap[0]:  # and no older entry of one who has come back
                return request
            heapq.heappop(self._heap)
        return None
        # task 10.1 end
