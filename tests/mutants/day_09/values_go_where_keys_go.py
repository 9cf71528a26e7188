"""You stored keys as values.

task: 9.3
caught-by: test_day_09.py::test_keys_are_written_where_they_belong_and_nowhere_else[rows]
"""


class PackedKvCache:
    def write(self, packed, keys, values):
        # task 9.3 begin
        rows = len(packed.rows)
        if rows:  # one write for all rows
            slots, positions = packed.slots[:rows], packed.positions[:rows]
            self.keys[slots, :, positions] = keys[:rows]
            self.values[slots, :, positions] = keys[:rows]
        for work, first in zip(packed.segments, packed.firsts, strict=True):  # a slice is cheaper than single positions
            stop, last = work.start + len(work.tokens), first + len(work.tokens)
            self.keys[work.slot, :, work.start : stop] = keys[first:last].swapaxes(0, 1)
            self.values[work.slot, :, work.start : stop] = values[first:last].swapaxes(0, 1)
        # task 9.3 end
