"""You gave a request a second slot. The first is never given back.

task: 6.1
caught-by: test_day_06.py::test_a_second_slot_for_one_request_is_an_error
"""


class SlotManager:
    def allocate_slot(self, request_id):
        # task 6.1 begin
        if not self._free:
            return None
        slot = heapq.heappop(self._free)
        self._slot_of[request_id] = slot
        return slot
        # task 6.1 end
