"""You ignored a request without a slot. Somebody has lost count, and you hide it.

task: 6.1
caught-by: test_day_06.py::test_freeing_what_is_not_taken_is_an_error[never-had-one]
"""


class SlotManager:
    def free_slot(self, request_id):
        # task 6.1 begin
        if request_id not in self._slot_of:
            return -1
        slot = self._slot_of.pop(request_id)
        heapq.heappush(self._free, slot)
        return slot
        # task 6.1 end
