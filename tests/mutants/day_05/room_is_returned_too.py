"""You returned the whole storage, the empty room behind the tokens included. Zeros are keys, too, and queries will look at them.

task: 5.1
caught-by: test_day_05.py::test_what_is_returned_holds_no_empty_positions
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
        return self.keys, self.values
        # task 5.1 end
