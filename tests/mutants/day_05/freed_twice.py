"""You let a free slot be freed. The second time it may be somebody else's by then.

task: 5.2
caught-by: test_day_05.py::test_a_free_slot_can_not_be_freed
"""


class BatchingKvCache:
    def remove_request(self, slot_id):
        # task 5.2 begin
        self.offsets[slot_id] = None
        # task 5.2 end
