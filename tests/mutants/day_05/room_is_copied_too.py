"""You took the size of the prefilled storage for the number of positions in use: the room behind them became keys.

task: 5.2
caught-by: test_day_05.py::test_the_prefilled_cache_stays_as_it_is
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
        n = min(prefilled.keys.shape[2], self.max_seq_len)
        keys[slot_id, :, :n] = prefilled.keys[0, :, :n]
        values[slot_id, :, :n] = prefilled.values[0, :, :n]
        self.keys, self.values, self.offsets[slot_id] = keys, values, n
        # task 5.2 end
