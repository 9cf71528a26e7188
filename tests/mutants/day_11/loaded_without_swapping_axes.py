"""You joined blocks by a reshape alone: what lies side by side in a block are heads, not positions.

task: 11.5
caught-by: test_day_11.py::test_blocks_come_into_slots[neighbours-in-the-slot]
"""


class BlockStore:
    def load(self, copies, cache):
        # task 11.5 begin
        for numbers, slot, start, stop in _runs(copies, self.block_size):
            cache.keys[slot, :, start:stop] = self.keys[numbers].reshape(cache.keys.shape[1], stop - start, -1)
            cache.values[slot, :, start:stop] = self.values[numbers].reshape(cache.values.shape[1], stop - start, -1)
        # task 11.5 end
