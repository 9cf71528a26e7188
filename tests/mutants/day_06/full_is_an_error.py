"""You raised an error when no slot is free. A full server is no mistake: return None, and the caller waits.

task: 6.1
caught-by: test_day_06.py::test_no_slot_is_none_and_no_error
"""


class SlotManager:
    def allocate_slot(self, request_id):
        # task 6.1 begin
        if request_id in self._slot_of:
            raise ValueError(f"request {request_id!r} has slot {self._slot_of[request_id]} already: free it first")
        if not self._free:
            raise ValueError("no slot is free")
        slot = heapq.heappop(self._free)
        self._slot_of[request_id] = slot
        return slot
        # task 6.1 end
