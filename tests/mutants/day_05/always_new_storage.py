"""You made new storage with every call, even when there was room.

task: 5.1
caught-by: test_day_05.py::test_storage_grows_by_steps
"""


class TinyKvCache:
    def update_and_fetch(self, keys, values):
        # task 5.1 begin
        start, stop = self.offset, self.offset + keys.shape[2]
        self.keys = _grown(self.keys, keys, start, stop + 1)
        self.values = _grown(self.values, values, start, stop + 1)
        self.keys[:, :, start:stop] = keys
        self.values[:, :, start:stop] = values
        self.offset = stop
        return self.keys[:, :, :stop], self.values[:, :, :stop]
        # task 5.1 end
