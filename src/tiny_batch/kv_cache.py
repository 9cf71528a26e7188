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
        raise NotImplementedError("Task 5.1: TinyKvCache.update_and_fetch: see book/src/day-05.md")


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
        raise NotImplementedError("Task 5.2: BatchingKvCache.add_request: see book/src/day-05.md")

    def remove_request(self, slot_id: int) -> None:
        """Free a slot. Costs nothing: what it held stays where it is, and is overwritten by the next request.

        Raises ValueError if there is no such slot, or if it is free.
        """
        _require_slot(slot_id, self.max_active_requests)
        raise NotImplementedError("Task 5.2: BatchingKvCache.remove_request: see book/src/day-05.md")

    def update_and_fetch(self, keys: mx.array, values: mx.array) -> tuple[mx.array, mx.array]:
        """Append L positions to every live slot, each at its own offset; free slots are written nowhere.

        keys and values: (max_active_requests, Hkv, L, Dh); the rows of free slots may hold anything.
        Returns views of the first `longest` positions of all slots, (max_active_requests, Hkv, longest, Dh): a decode
        step pays for the longest live request, not for `max_seq_len`.
        Raises ValueError, and changes nothing, if the shapes do not fit, if no slot is live (it says so), or if a
        request would grow beyond `max_seq_len`.
        """
        _require_alike(keys, values, self.keys, rows=self.max_active_requests)
        raise NotImplementedError("Task 5.3: BatchingKvCache.update_and_fetch: see book/src/day-05.md")

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
    raise NotImplementedError("Task 5.1: _grown: see book/src/day-05.md")


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
