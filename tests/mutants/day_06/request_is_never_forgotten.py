"""You freed the slot but still record which request had it: it can be freed twice, and given to two requests.

task: 6.1
caught-by: test_day_06.py::test_freeing_says_which_slot_it_was
"""


class SlotManager:
    def free_slot(self, request_id):
        # task 6.1 begin
        if request_id not in self._slot_of:
            raise ValueError(f"request {request_id!r} has no slot: it has none yet, or was freed before")
        slot = self._slot_of[request_id]
        heapq.heappush(self._free, slot)
        return slot
        # task 6.1 end
