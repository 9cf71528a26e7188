"""You checked for room before you checked whether the request already has a slot: the mistake shows only on a quiet day.

task: 6.1
caught-by: test_day_06.py::test_a_second_slot_is_an_error_also_when_all_are_taken
"""


class SlotManager:
    def allocate_slot(self, request_id):
        # task 6.1 begin
        if not self._free:
            return None
        if request_id in self._slot_of:
            raise ValueError(f"request {request_id!r} has slot {self._slot_of[request_id]} already: free it first")
        if not self._free:
            return None
        slot = heapq.heappop(self._free)
        self._slot_of[request_id] = slot
        return slot
        # task 6.1 end
