"""The same cache with plain loops: a slice for each row, concatenation for growth, and a loop over the slots."""


class TinyKvCache:
    def update_and_fetch(self, keys, values):
        # task 5.1 begin
        length = keys.shape[2]
        if self.keys is None:
            self.keys, self.values = keys[:, :, :0], values[:, :, :0]
        if self.offset + length > self.keys.shape[2]:
            self.keys = _grown(self.keys, keys, self.offset, self.offset + length)
            self.values = _grown(self.values, values, self.offset, self.offset + length)
        spot = slice(self.offset, self.offset + length)
        self.keys[..., spot, :] = keys
        self.values[..., spot, :] = values
        self.offset += length
        return self.keys[..., : self.offset, :], self.values[..., : self.offset, :]
        # task 5.1 end


def _grown(stored, new, used, needed):
    # task 5.1 begin
    steps = 0
    while steps * GROWTH < needed:
        steps += 1
    bigger = mx.zeros((new.shape[0], new.shape[1], steps * GROWTH, new.shape[3]), dtype=new.dtype)
    if stored is not None:
        bigger[:, :, :used] = stored[:, :, :used]
    return bigger
    # task 5.1 end


class BatchingKvCache:
    def remove_request(self, slot_id):
        # task 5.2 begin
        if self.offsets[slot_id] is None:
            raise ValueError(f"nothing in slot {slot_id}")
        self.offsets = [None if slot == slot_id else offset for slot, offset in enumerate(self.offsets)]
        # task 5.2 end

    def update_and_fetch(self, keys, values):
        # task 5.3 begin
        if not self.live:
            raise ValueError("no slot is taken")
        length = keys.shape[2]
        if self.longest + length > self.max_seq_len:
            raise ValueError(f"more than {self.max_seq_len} positions")
        for slot in self.live:
            start = self.offsets[slot]
            self.keys[slot : slot + 1, :, start : start + length] = keys[slot : slot + 1]
            self.values[slot : slot + 1, :, start : start + length] = values[slot : slot + 1]
            self.offsets[slot] = start + length
        return self.keys[:, :, : self.longest], self.values[:, :, : self.longest]
        # task 5.3 end
