"""You gave out the slot that was freed last, and not the lowest.

task: 6.1
caught-by: test_day_06.py::test_a_freed_slot_is_given_out_again_lowest_first
"""


class SlotManager:
    def allocate_slot(self, request_id):
        # task 6.1 begin
        if request_id in self._slot_of:
            raise ValueError(f"request {request_id!r} has slot {self._slot_of[request_id]} already: free it first")
        if not self._free:
            return None
        slot = self._free.pop(0)
        self._slot_of[request_id] = slot
        return slot
        # task 6.1 end

    def free_slot(self, request_id):
        # task 6.1 begin
        if request_id not in self._slot_of:
            raise ValueError(f"request {request_id!r} has no slot: it has none yet, or was freed before")
        slot = self._slot_of.pop(request_id)
        self._free.insert(0, slot)
        return slot
        # task 6.1 end
