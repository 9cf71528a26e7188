"""You loaded blocks to the beginning of the slot, wherever they belong.

task: 11.5
caught-by: test_day_11.py::test_blocks_come_into_slots[one-block]
"""


class BlockStore:
    def load(self, copies, cache):
        # task 11.5 begin
        for numbers, slot, start, stop in _runs(copies, self.block_size):
            cache.keys[slot, :, : stop - start] = _joined(self.keys[numbers])
            cache.values[slot, :, : stop - start] = _joined(self.values[numbers])
        # task 11.5 end
