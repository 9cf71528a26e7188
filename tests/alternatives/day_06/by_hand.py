"""Slots in a plain list, masks in numpy."""


class SlotManager:
    def allocate_slot(self, request_id):
        # task 6.1 begin
        if request_id in self._slot_of:
            raise ValueError(f"{request_id} has one")
        taken = set(self._slot_of.values())
        for slot in range(self.max_slots):
            if slot not in taken:
                self._slot_of[request_id] = slot
                return slot
        return None
        # task 6.1 end

    def free_slot(self, request_id):
        # task 6.1 begin
        try:
            return self._slot_of.pop(request_id)
        except KeyError:
            raise ValueError(f"{request_id} has none") from None
        # task 6.1 end


def causal_mask(n, offset):
    # task 6.2 begin
    mask = [[key <= offset + query for key in range(offset + n)] for query in range(n)]
    return mx.array(mask)
    # task 6.2 end


def create_batch_mask(offsets, n, max_len):
    # task 6.2 begin
    rows = []
    for offset in offsets:
        rows.append([[key == 0 if offset is None else key <= offset + i for key in range(max_len)] for i in range(n)])
    return mx.array(rows)
    # task 6.2 end


class MlxLmCache:
    def make_mask(self, n, return_array=False, window_size=None):
        # task 6.3 begin
        if isinstance(self.cache, BatchingKvCache):
            mask = create_batch_mask(self.cache.offsets, n, self.cache.longest + n)
            return mx.expand_dims(mask, 1)
        return causal_mask(n, self.cache.offset)
        # task 6.3 end
