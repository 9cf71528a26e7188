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
        # task 9.3 begin
        rows = len(packed.rows)
        if rows:  # one write for all rows
            slots, positions = packed.slots[:rows], packed.positions[:rows]
            self.keys[slots, :, positions] = keys[:rows]
            self.values[slots, :, positions] = values[:rows]
        for work, first in zip(packed.segments, packed.firsts, strict=True):  # a slice is cheaper than single positions
            stop, last = work.start + len(work.tokens), first + len(work.tokens)
            self.keys[work.slot, :, work.start : stop] = keys[first:last].swapaxes(0, 1)
            self.values[work.slot, :, work.start : stop] = values[first:last].swapaxes(0, 1)
        # task 9.3 end


def length_groups(lengths: Sequence[int | None]) -> list[range]:
    """Split the slots into runs that attend together, so that all runs together cost least.

    lengths: for each slot, how many keys its row looks at; None if it has no row in this step. A run costs GROUP_COST
    and, for each of its slots, with a row or without, as many positions as its longest row looks at.
    Returns the runs in order, as ranges of slots; each begins and ends with a slot that has a row.
    """
    # task 9.3 begin
    live = [(slot, length) for slot, length in enumerate(lengths) if length is not None]
    cheapest = [(0, 0)]  # of the first n rows: (the least cost, with which row their last run begins)
    for stop, (last, _) in enumerate(live):
        longest, offers = 0, []
        for begin in range(stop, -1, -1):
            first, length = live[begin]
            longest = max(longest, length)
            offers.append((cheapest[begin][0] + GROUP_COST + (last - first + 1) * longest, begin))
        cheapest.append(min(offers))
    groups: list[range] = []
    end = len(live)
    while end:
        begin = cheapest[end][1]
        groups.append(range(live[begin][0], live[end - 1][0] + 1))
        end = begin
    return groups[::-1]
    # task 9.3 end


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
    # task 9.3 begin
    row_of = {work.slot: row for row, work in enumerate(packed.rows) if work.slot in group}
    lengths = [packed.rows[row_of[slot]].start + 1 if slot in row_of else 1 for slot in group]
    longest, first = max(lengths), row_of[group[0]]
    mask = mx.arange(longest)[None, None] < mx.array(lengths)[:, None, None] if min(lengths) < longest else None
    where = (slice(group.start, group.stop), longest, mask)
    if len(row_of) == len(group):
        return Part(slice(first, first + len(group)), (len(group), 1), *where)
    tokens = mx.array([row_of.get(slot, first) for slot in group])
    keep = mx.array([place for place, slot in enumerate(group) if slot in row_of])
    return Part(tokens, (len(group), 1), *where, keep)
    # task 9.3 end


def segment_part(packed: Packed, number: int) -> Part:
    """The tokens of segment `number`: each sees what its request has stored, those before it, and itself."""
    # task 9.3 begin
    work, first = packed.segments[number], packed.firsts[number]
    length, stop = len(work.tokens), work.start + len(work.tokens)
    mask = mx.arange(stop)[None] <= mx.arange(work.start, stop)[:, None]
    return Part(slice(first, first + length), (1, length), slice(work.slot, work.slot + 1), stop, mask)
    # task 9.3 end


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
    # task 9.3 begin
    starts = {work.slot: work.start for work in packed.rows}
    groups = length_groups([starts[slot] + 1 if slot in starts else None for slot in range(len(caches[0].keys))])
    parts = [rows_part(packed, group) for group in groups]
    parts += [segment_part(packed, number) for number in range(len(packed.segments))]

    def attend(layer: int, q: mx.array, k: mx.array, v: mx.array) -> mx.array:
        caches[layer].write(packed, k, v)
        return mx.concatenate([read(part, q, caches[layer]) for part in parts])

    return attend
    # task 9.3 end
