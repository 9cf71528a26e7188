"""You returned only the new positions. A query looks at all of its past.

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
        self.keys[:, :, start:stop] = keys
        self.values[:, :, start:stop] = values
        self.offset = stop
        return self.keys[:, :, start:stop], self.values[:, :, start:stop]
        # task 5.1 end
