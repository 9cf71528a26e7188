"""You let a free slot be freed. By the second time it may belong to another request.

task: 5.2
caught-by: test_day_05.py::test_a_free_slot_can_not_be_freed
"""


class BatchingKvCache:
    def remove_request(self, slot_id):
        # task 5.2 begin
        self.offsets[slot_id] = None
        # task 5.2 end
