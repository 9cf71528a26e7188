"""You kept keys and no values.

task: 11.5
caught-by: test_day_11.py::test_positions_come_into_blocks[one-block]
"""


class BlockStore:
    def keep(self, copies, cache):
        # task 11.5 begin
        for numbers, slot, start, stop in _runs(copies, self.block_size):
            self.keys[numbers] = _cut(cache.keys[slot, :, start:stop], self.block_size)
        # task 11.5 end
