"""You cleared the row of a request that left. Nobody reads it; it costs a write of the whole row in every layer.

task: 5.2
caught-by: test_day_05.py::test_leaving_writes_nothing
"""


class BatchingKvCache:
    def remove_request(self, slot_id):
        # task 5.2 begin
        if self.offsets[slot_id] is None:
            raise ValueError(f"slot {slot_id} is free: there is nothing to remove")
        self.offsets[slot_id] = None
        self.keys[slot_id] = 0
        self.values[slot_id] = 0
        # task 5.2 end
