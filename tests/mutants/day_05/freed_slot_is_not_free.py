"""You set a freed slot's offset to 0. That is a request without positions, and not a free slot: it goes on decoding.

task: 5.2
caught-by: test_day_05.py::test_a_slot_is_freed_and_used_again
"""


class BatchingKvCache:
    def remove_request(self, slot_id):
        # task 5.2 begin
        if self.offsets[slot_id] is None:
            raise ValueError(f"slot {slot_id} is free: there is nothing to remove")
        self.offsets[slot_id] = 0
        # task 5.2 end
