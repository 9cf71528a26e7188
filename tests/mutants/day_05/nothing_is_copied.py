"""You set the offset but never copied the keys and values: the request decodes with those of the slot's last request.

task: 5.2
caught-by: test_day_05.py::test_a_request_is_copied_into_its_slot
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
        keys, values = self._storage(prefilled.keys, prefilled.values)
        self.keys, self.values, self.offsets[slot_id] = keys, values, prefilled.offset
        # task 5.2 end
