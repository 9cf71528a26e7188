"""You cut positions into blocks by a reshape alone: heads and blocks change places.

task: 11.5
caught-by: test_day_11.py::test_positions_come_into_blocks[neighbours-in-the-slot]
"""


class BlockStore:
    def keep(self, copies, cache):
        # task 11.5 begin
        for numbers, slot, start, stop in _runs(copies, self.block_size):
            self.keys[numbers] = cache.keys[slot, :, start:stop].reshape(len(numbers), cache.keys.shape[1], self.block_size, -1)
            self.values[numbers] = cache.values[slot, :, start:stop].reshape(len(numbers), cache.values.shape[1], self.block_size, -1)
        # task 11.5 end
