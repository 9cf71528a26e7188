"""You made new storage with every append, though there was room: a copy of everything for each token.

task: 5.1
caught-by: test_day_05.py::test_storage_is_kept_while_there_is_room
"""


class TinyKvCache:
    def update_and_fetch(self, keys, values):
        # task 5.1 begin
        start, stop = self.offset, self.offset + keys.shape[2]
        if True:
            self.keys = _grown(self.keys, keys, start, stop)
            self.values = _grown(self.values, values, start, stop)
        self.keys[:, :, start:stop] = keys
        self.values[:, :, start:stop] = values
        self.offset = stop
        return self.keys[:, :, :stop], self.values[:, :, :stop]
        # task 5.1 end
