"""You forgot the request and never made its slot free: slots run out.

task: 6.1
caught-by: test_day_06.py::test_no_slot_is_none_and_no_error
"""


class SlotManager:
    def free_slot(self, request_id):
        # task 6.1 begin
        if request_id not in self._slot_of:
            raise ValueError(f"request {request_id!r} has no slot: it has none yet, or was freed before")
        slot = self._slot_of.pop(request_id)
        return slot
        # task 6.1 end
