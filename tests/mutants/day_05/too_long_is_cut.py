"""You cut a request that is too long for its slot. It goes on without its last words.

task: 5.2
caught-by: test_day_05.py::test_a_request_that_is_too_long_is_refused
"""


class BatchingKvCache:
    def add_request(self, prefilled, slot_id):
        # task 5.2 begin
        if self.offsets[slot_id] is not None:
            raise ValueError(f"slot {slot_id} is taken")
        if prefilled.keys is None:
            raise ValueError("empty")
        keys, values = self._storage(prefilled.keys, prefilled.values)
        n = min(prefilled.offset, self.max_seq_len)
        keys[slot_id, :, :n] = prefilled.keys[0, :, :n]
        values[slot_id, :, :n] = prefilled.values[0, :, :n]
        self.keys, self.values, self.offsets[slot_id] = keys, values, n
        # task 5.2 end
