"""Day 5: the keys and values of one request, and of many that come and go."""

from __future__ import annotations

import mlx.core as mx

GROWTH = 64  # positions by which a request's storage grows: few enough to waste little, enough to copy it seldom


class TinyKvCache:
    """One layer's keys and values of one request. It grows, and knows nothing of others.

    Storage is (1, Hkv, capacity, Dh) for keys and the same for values; the first `offset` positions hold tokens.
    """

    def __init__(self) -> None:
        """An empty cache: nothing is stored until the first keys say how many heads there are."""
        self.keys: mx.array | None = None
        self.values: mx.array | None = None
        self.offset = 0

    def update_and_fetch(self, keys: mx.array, values: mx.array) -> tuple[mx.array, mx.array]:
        """Append L positions, and return all that are stored by then.

        keys and values: (1, Hkv, L, Dh), stored in the dtype that they have. Returns both as (1, Hkv, offset, Dh), the
        new ones last. The storage grows by multiples of GROWTH, and only when it is full: appending one position must
        not copy all those before it each time.
        Raises ValueError if the shapes differ from each other, or from what is stored in anything but L.
        """
        _require_alike(keys, values, self.keys, rows=1)
        # task 5.1 begin
        start, stop = self.offset, self.offset + keys.shape[2]
        if self.keys is None or self.values is None or stop > self.keys.shape[2]:
            self.keys = _grown(self.keys, keys, start, stop)
            self.values = _grown(self.values, values, start, stop)
        self.keys[:, :, start:stop] = keys
        self.values[:, :, start:stop] = values
        self.offset = stop
        return self.keys[:, :, :stop], self.values[:, :, :stop]
        # task 5.1 end


class BatchingKvCache:
    """One layer's keys and values of many requests, a slot each; requests come and go while the others decode.

    Storage is (max_active_requests, Hkv, max_seq_len, Dh), allocated once. The slot with number i is row i. Its first
    `offsets[i]` positions belong to its request; what lies behind them is left over from others, and means nothing.
    """

    def __init__(self, max_active_requests: int, max_seq_len: int) -> None:
        """Slots that are all free. Nothing is stored until the first keys say how many heads there are.

        Raises ValueError unless there is at least one slot of at least one position.
        """
        if max_active_requests < 1 or max_seq_len < 1:
            raise ValueError(f"{max_active_requests} slots of {max_seq_len} positions: give at least 1 of each")
        self.max_active_requests, self.max_seq_len = max_active_requests, max_seq_len
        self.keys: mx.array | None = None
        self.values: mx.array | None = None
        self.offsets: list[int | None] = [None] * max_active_requests
        """How many positions each slot's request has stored; None for a free slot."""

    @property
    def live(self) -> list[int]:
        """The slots that hold a request, in order."""
        return [slot for slot, offset in enumerate(self.offsets) if offset is not None]

    @property
    def longest(self) -> int:
        """The most positions that any live request has stored; 0 if there is none."""
        return max((offset for offset in self.offsets if offset is not None), default=0)

    @property
    def offset(self) -> mx.array:
        """The position of each slot's next token, (max_active_requests,) int32; 0 for a free slot."""
        return mx.array([offset or 0 for offset in self.offsets], dtype=mx.int32)

    def add_request(self, prefilled: TinyKvCache, slot_id: int) -> None:
        """Give a free slot to a request, and copy what it has stored: as many positions as it has, no more.

        `prefilled` stays as it is. Raises ValueError, and changes nothing, if there is no such slot, if it is taken, if
        `prefilled` is empty, has other heads than what is stored, or holds more than `max_seq_len` positions.
        """
        _require_slot(slot_id, self.max_active_requests)
        # task 5.2 begin
        if self.offsets[slot_id] is not None:
            raise ValueError(f"slot {slot_id} is taken: remove its request first")
        if prefilled.keys is None or prefilled.values is None:
            raise ValueError("the cache is empty: run the prompt through the model first")
        if prefilled.offset > self.max_seq_len:
            raise ValueError(f"{prefilled.offset} positions do not fit in a slot of {self.max_seq_len}")
        keys, values = self._storage(prefilled.keys, prefilled.values)
        keys[slot_id, :, : prefilled.offset] = prefilled.keys[0, :, : prefilled.offset]
        values[slot_id, :, : prefilled.offset] = prefilled.values[0, :, : prefilled.offset]
        self.keys, self.values, self.offsets[slot_id] = keys, values, prefilled.offset
        # task 5.2 end

    def remove_request(self, slot_id: int) -> None:
        """Free a slot. Costs nothing: what it held stays where it is, and is overwritten by the next request.

        Raises ValueError if there is no such slot, or if it is free.
        """
        _require_slot(slot_id, self.max_active_requests)
        # task 5.2 begin
        if self.offsets[slot_id] is None:
            raise ValueError(f"slot {slot_id} is free: there is nothing to remove")
        self.offsets[slot_id] = None
        # task 5.2 end

    def update_and_fetch(self, keys: mx.array, values: mx.array) -> tuple[mx.array, mx.array]:
        """Append L positions to every live slot, each at its own offset; free slots are written nowhere.

        keys and values: (max_active_requests, Hkv, L, Dh); the rows of free slots may hold anything.
        Returns views of the first `longest` positions of all slots, (max_active_requests, Hkv, longest, Dh): a decode
        step pays for the longest live request, not for `max_seq_len`.
        Raises ValueError, and changes nothing, if the shapes do not fit, if no slot is live (it says so), or if a
        request would grow beyond `max_seq_len`.
        """
        _require_alike(keys, values, self.keys, rows=self.max_active_requests)
        # task 5.3 begin
        live, length = self.live, keys.shape[2]
        if self.keys is None or self.values is None or not live:
            raise ValueError("no slot holds a request: add one first")
        starts = [offset for offset in self.offsets if offset is not None]
        if max(starts) + length > self.max_seq_len:
            full = [slot for slot, start in zip(live, starts, strict=True) if start + length > self.max_seq_len]
            raise ValueError(f"slots {full} would grow beyond {self.max_seq_len} positions: finish their requests")
        # One write for all rows: row live[i], positions starts[i], starts[i] + 1, …
        rows = mx.array(live)[:, None]
        columns = mx.array(starts)[:, None] + mx.arange(length)[None]
        self.keys[rows, :, columns] = keys[mx.array(live)].swapaxes(1, 2)
        self.values[rows, :, columns] = values[mx.array(live)].swapaxes(1, 2)
        for slot, start in zip(live, starts, strict=True):
            self.offsets[slot] = start + length
        return self.keys[:, :, : self.longest], self.values[:, :, : self.longest]
        # task 5.3 end

    def _storage(self, keys: mx.array, values: mx.array) -> tuple[mx.array, mx.array]:
        """What is stored; made with the first request, for heads and numbers like its. ValueError if they differ."""
        shape = (self.max_active_requests, keys.shape[1], self.max_seq_len, keys.shape[3])
        if self.keys is None or self.values is None:
            return mx.zeros(shape, dtype=keys.dtype), mx.zeros(shape, dtype=values.dtype)
        if self.keys.shape != shape:
            raise ValueError(f"keys of {keys.shape[1]} heads of {keys.shape[3]} in a cache of {self.keys.shape}")
        return self.keys, self.values


def _grown(stored: mx.array | None, new: mx.array, used: int, needed: int) -> mx.array:
    """Storage for `needed` positions, rounded up to a multiple of GROWTH, that begins with the `used` stored ones.

    It has the rows, heads, width and dtype of `new`. It always copies: call it only when there is no room left.
    """
    # task 5.1 begin
    rows, heads, _, width = new.shape
    capacity = -(-needed // GROWTH) * GROWTH
    room = mx.zeros((rows, heads, capacity - used, width), dtype=new.dtype)
    return room if stored is None else mx.concatenate([stored[:, :, :used], room], axis=2)
    # task 5.1 end


def _require_slot(slot_id: int, count: int) -> None:
    if not 0 <= slot_id < count:
        raise ValueError(f"there is no slot {slot_id}: they are numbered 0 to {count - 1}")


def _require_alike(keys: mx.array, values: mx.array, stored: mx.array | None, rows: int) -> None:
    """ValueError unless keys and values are (rows, Hkv, L, Dh), with the heads of what is stored."""
    fits = keys.ndim == 4 and keys.shape == values.shape and keys.shape[0] == rows
    if not fits or (stored is not None and (stored.shape[1], stored.shape[3]) != (keys.shape[1], keys.shape[3])):
        kept = "nothing yet" if stored is None else f"{stored.shape}"
        raise ValueError(
            f"keys {keys.shape} and values {values.shape}: expected twice ({rows}, Hkv, L, Dh), and stored is {kept}"
        )
