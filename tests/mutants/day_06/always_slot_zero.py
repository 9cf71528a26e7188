"""Every request gets slot 0.

task: 6.1
caught-by: test_day_06.py::test_the_lowest_slot_comes_first
"""


class SlotManager:
    def allocate_slot(self, request_id):
        # task 6.1 begin
        if request_id in self._slot_of:
            raise ValueError(f"request {request_id!r} has slot {self._slot_of[request_id]} already: free it first")
        if not self._free:
            return None
        heapq.heappop(self._free)
        slot = 0
        self._slot_of[request_id] = slot
        return slot
        # task 6.1 end
