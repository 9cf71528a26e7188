"""You took a request out of the queue when it was only looked at.

task: 10.1
caught-by: test_day_10.py::test_looking_changes_nothing
"""


class Fifo:
    def first(self, running, step):
        # task 10.1 begin
        while self._heap:
            entry, request = self._waiting.get(self._heap[0][2], (None, None))
            if entry is self._heap[0]:  # and no older entry of one who has come back
                del self._waiting[request.id]
                return request
            heapq.heappop(self._heap)
        return None
        # task 10.1 end
