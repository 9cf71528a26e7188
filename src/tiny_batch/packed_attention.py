"""Day 9: attention when the tokens of all requests stand in one row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import mlx.core as mx

from tiny_batch_kit.model.qwen2 import Attend
from tiny_batch_kit.model.tuned import attention

from .packing import Packed

GROUP_COST = 256
"""What one more group costs, in key positions of one row: about what its small operations take on a CPU."""


class PackedKvCache:
    """One layer's keys and values: (slots, Hkv, max_seq_len, Dh) each, allocated once.

    It does not know which request is in which slot, nor how far: the plan says so. What lies after a request's own
    positions is left from others, and means nothing.
    """

    def __init__(self, slots: int, heads: int, max_seq_len: int, width: int, dtype: mx.Dtype) -> None:
        """Storage for `slots` requests of `max_seq_len` positions each."""
        self.keys = mx.zeros((slots, heads, max_seq_len, width), dtype=dtype)
        self.values = mx.zeros((slots, heads, max_seq_len, width), dtype=dtype)
        mx.eval(self.keys, self.values)  # now, and not in somebody's first step

    def write(self, packed: Packed, keys: mx.array, values: mx.array) -> None:
        """Store the keys and values of a step's tokens, (T, Hkv, Dh), each in its own slot, at its own position."""
        raise NotImplementedError("Task 9.3: PackedKvCache.write: see book/src/day-09.md")


def length_groups(lengths: Sequence[int | None]) -> list[range]:
    """Split the slots into runs that attend together, so that all runs together cost least.

    lengths: for each slot, how many keys its row looks at; None if it has no row in this step. A run costs GROUP_COST
    and, for each of its slots, with a row or without, as many positions as its longest row looks at.
    Returns the runs in order, as ranges of slots; each begins and ends with a slot that has a row.
    """
    raise NotImplementedError("Task 9.3: length_groups: see book/src/day-09.md")


class Part(NamedTuple):
    """Queries that attend in one go: B rows of L queries each, and a run of B slots whose first S positions they see.

    tokens: which packed tokens they are, (B * L,), a slice or their numbers. mask: (B, L, S) or (L, S) bool; None:
    every query sees all of them. keep: which of the B * L results belong to a row; None: all.
    """

    tokens: slice | mx.array
    shape: tuple[int, int]  # B, L
    slots: slice
    keys: int  # S
    mask: mx.array | None
    keep: mx.array | None = None


def rows_part(packed: Packed, group: range) -> Part:
    """The rows of one token whose slots are in `group`; a slot without one repeats another's query, to be dropped."""
    raise NotImplementedError("Task 9.3: rows_part: see book/src/day-09.md")


def segment_part(packed: Packed, number: int) -> Part:
    """The tokens of segment `number`: each sees what its request has stored, those before it, and itself."""
    raise NotImplementedError("Task 9.3: segment_part: see book/src/day-09.md")


def read(part: Part, q: mx.array, cache: PackedKvCache) -> mx.array:
    """What a part's queries read: q is (T, Hq, Dh), the result (B * L or fewer, Hq, Dh)."""
    queries = q[part.tokens].reshape(*part.shape, *q.shape[1:])
    keys, values = cache.keys[part.slots, :, : part.keys], cache.values[part.slots, :, : part.keys]
    out = attention(queries, keys, values, part.mask).reshape(-1, *q.shape[1:])
    return out if part.keep is None else out[part.keep]


def packed_attend(packed: Packed, caches: Sequence[PackedKvCache]) -> Attend:
    """The `attend` of one step, for the model: q is (T, Hq, Dh), k and v (T, Hkv, Dh); returns (T, Hq, Dh).

    caches: one for each layer. In each, all of the step is written before anything is read. The rows attend in the runs
    of `length_groups`: beyond the longest row of a run nothing is read, nor beyond a segment's last token.
    """
    raise NotImplementedError("Task 9.3: packed_attend: see book/src/day-09.md")
