"""You took the slot before you knew that the heads fit.

task: 5.2
caught-by: test_day_05.py::test_a_request_of_another_model_is_refused
"""


class BatchingKvCache:
    def add_request(self, prefilled, slot_id):
        # task 5.2 begin
        if self.offsets[slot_id] is not None:
            raise ValueError(f"slot {slot_id} is taken: remove its request first")
        if prefilled.keys is None or prefilled.values is None:
            raise ValueError("the cache is empty: run the prompt through the model first")
        if prefilled.offset > self.max_seq_len:
            raise ValueError(f"{prefilled.offset} positions do not fit in a slot of {self.max_seq_len}")
        self.offsets[slot_id] = prefilled.offset
        keys, values = self._storage(prefilled.keys, prefilled.values)
        keys[slot_id, :, : prefilled.offset] = prefilled.keys[0, :, : prefilled.offset]
        values[slot_id, :, : prefilled.offset] = prefilled.values[0, :, : prefilled.offset]
        self.keys, self.values, self.offsets[slot_id] = keys, values, prefilled.offset
        # task 5.2 end
