"""You gave a request that asks twice its old slot again. Two parts of your server then believe that they let it in.

task: 6.1
caught-by: test_day_06.py::test_a_second_slot_for_one_request_is_an_error
"""


class SlotManager:
    def allocate_slot(self, request_id):
        # task 6.1 begin
        if request_id in self._slot_of:
            return self._slot_of[request_id]
        if not self._free:
            return None
        slot = heapq.heappop(self._free)
        self._slot_of[request_id] = slot
        return slot
        # task 6.1 end
