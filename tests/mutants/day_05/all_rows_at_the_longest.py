"""You wrote every row at the longest row's offset: shorter ones get a gap full of another request's old keys.

task: 5.3
caught-by: test_day_05.py::test_each_row_writes_at_its_own_offset
"""


class BatchingKvCache:
    def update_and_fetch(self, keys, values):
        # task 5.3 begin
        live, length = self.live, keys.shape[2]
        if self.keys is None or self.values is None or not live:
            raise ValueError("no slot holds a request: add one first")
        starts = [offset for offset in self.offsets if offset is not None]
        if max(starts) + length > self.max_seq_len:
            full = [slot for slot, start in zip(live, starts, strict=True) if start + length > self.max_seq_len]
            raise ValueError(f"slots {full} would grow beyond {self.max_seq_len} positions: finish their requests")
        # One write for all rows: row live[i], positions starts[i], starts[i] + 1, …
        rows = mx.array(live)[:, None]
        columns = mx.array([max(starts)] * len(starts))[:, None] + mx.arange(length)[None]
        self.keys[rows, :, columns] = keys[mx.array(live)].swapaxes(1, 2)
        self.values[rows, :, columns] = values[mx.array(live)].swapaxes(1, 2)
        for slot, start in zip(live, starts, strict=True):
            self.offsets[slot] = start + length
        return self.keys[:, :, : self.longest], self.values[:, :, : self.longest]
        # task 5.3 end
