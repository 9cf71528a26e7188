"""You write every piece at position 0: what was stored before is overwritten.

task: 5.1
caught-by: test_day_05.py::test_later_positions_come_behind_those_before
"""


class TinyKvCache:
    def update_and_fetch(self, keys, values):
        # task 5.1 begin
        start, stop = self.offset, self.offset + keys.shape[2]
        if self.keys is None or self.values is None or stop > self.keys.shape[2]:
            self.keys = _grown(self.keys, keys, start, stop)
            self.values = _grown(self.values, values, start, stop)
        self.keys[:, :, : stop - start] = keys
        self.values[:, :, : stop - start] = values
        self.offset = stop
        return self.keys[:, :, :stop], self.values[:, :, :stop]
        # task 5.1 end
