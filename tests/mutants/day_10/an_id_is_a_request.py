"""You asked whether the id waits, and not whether this entry does: another request with the id jumps the queue.

task: 10.1
caught-by: test_day_10.py::test_an_id_may_come_again
"""


class Fifo:
    def first(self, running, step):
        # task 10.1 begin
        while self._heap:
            entry, request = self._waiting.get(self._heap[0][2], (None, None))
            if entry is not None:  # and no older entry of one who has come back
                return request
            heapq.heappop(self._heap)
        return None
        # task 10.1 end
