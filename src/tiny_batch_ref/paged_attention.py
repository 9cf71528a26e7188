"""Day 12: keys and values in pages, and attention that follows a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import mlx.core as mx

from tiny_batch_kit.model.pages import Decode, ReaderMaker
from tiny_batch_kit.model.qwen2 import Attend
from tiny_batch_kit.model.tuned import attention

from .packing import Packed
from .paged_kv import PageCopy

Tables = Mapping[str, Sequence[int]]
"""The numbers of each request's pages, in order of positions, by its id."""


class PagedKvCache:
    """One layer's pages: keys and values of (num_blocks, Hkv, block_size, Dh) each, allocated once."""

    def __init__(self, num_blocks: int, heads: int, block_size: int, width: int, dtype: mx.Dtype) -> None:
        """Storage for `num_blocks` pages of `block_size` positions each. Raises ValueError for less than 1 of each."""
        if num_blocks < 1 or block_size < 1:
            raise ValueError(f"{num_blocks} pages of {block_size} positions: give at least 1 of each")
        self.keys = mx.zeros((num_blocks, heads, block_size, width), dtype=dtype)
        self.values = mx.zeros((num_blocks, heads, block_size, width), dtype=dtype)
        self.block_size = block_size
        mx.eval(self.keys, self.values)

    def copy(self, copies: Sequence[PageCopy]) -> None:
        """Copy pages into others, whole."""
        # task 12.4 begin
        if copies:
            sources, targets = (mx.array(numbers) for numbers in zip(*copies, strict=True))
            self.keys[targets] = self.keys[sources]
            self.values[targets] = self.values[sources]
        # task 12.4 end

    def write(self, pages: mx.array, offsets: mx.array, keys: mx.array, values: mx.array) -> None:
        """Store the keys and values of a step's tokens, (T, Hkv, Dh), each in its page, at its offset: (T,) each."""
        # task 12.4 begin
        self.keys[pages, :, offsets] = keys
        self.values[pages, :, offsets] = values
        # task 12.4 end


def places(packed: Packed, tables: Tables, size: int) -> tuple[mx.array, mx.array]:
    """Where each packed token's keys and values go: (the numbers of the pages, the offsets in them), (T,) int32 each.

    Raises ValueError, which names the request, if a table is too short for its tokens.
    """
    # task 12.4 begin
    pages: list[int] = []
    offsets: list[int] = []
    for work in [*packed.rows, *packed.segments]:
        table, stop = tables[work.request_id], work.start + len(work.tokens)
        if stop > len(table) * size:
            raise ValueError(f"{work.request_id} has {len(table)} pages of {size}: too few for {stop} positions")
        pages += [table[position // size] for position in range(work.start, stop)]
        offsets += [position % size for position in range(work.start, stop)]
    return mx.array(pages, dtype=mx.int32), mx.array(offsets, dtype=mx.int32)
    # task 12.4 end


def gather(pages: mx.array, tables: mx.array) -> mx.array:
    """The pages of B rows in one piece each: (num_blocks, Hkv, size, Dh), (B, W) numbers -> (B, Hkv, W * size, Dh)."""
    # task 12.4 begin
    found = pages[tables].swapaxes(1, 2)  # (B, Hkv, W, size, Dh)
    return found.reshape(*found.shape[:2], -1, found.shape[-1])
    # task 12.4 end


def gathering_reader(tables: Sequence[Sequence[int]], lengths: Sequence[int], size: int) -> Decode:
    """How rows of one token read: their pages are gathered into one piece each, and nothing beyond it is read.

    tables: the numbers of each row's pages; they may be of unequal length, and longer than needed: what stands after a
    row's last page is never followed. lengths: how many positions each row sees, at least 1. Returns a function of a
    layer's (q, keys, values): q is (B, Hq, Dh), keys and values are the layer's pages; it returns (B, Hq, Dh).
    """
    # task 12.4 begin
    longest = max(lengths)
    counts = [-(-length // size) for length in lengths]  # what stands behind a row's last page may be no page at all
    widest = max(counts)
    theirs = [[*table[:count], *[table[0]] * (widest - count)] for table, count in zip(tables, counts, strict=True)]
    numbers = mx.array(theirs)
    mask = mx.arange(longest)[None, None] < mx.array([*lengths])[:, None, None] if min(lengths) < longest else None

    def decode(q: mx.array, keys: mx.array, values: mx.array) -> mx.array:
        found, said = (gather(each, numbers)[:, :, :longest] for each in (keys, values))
        return attention(q[:, None], found, said, mask)[:, 0]

    return decode
    # task 12.4 end


def paged_attend(packed: Packed, tables: Tables, caches: Sequence[PagedKvCache], reader: ReaderMaker) -> Attend:
    """The `attend` of one step, for the model: q is (T, Hq, Dh), k and v (T, Hkv, Dh); returns (T, Hq, Dh).

    caches: one for each layer. In each, all of the step is written before anything is read. reader: makes what rows of
    one token read with, such as `gathering_reader`; it is called once per step, and not at all if there are no rows.
    Segments read their own pages, gathered: each token sees what its request has stored before it, and itself.
    """
    # task 12.4 begin
    size = caches[0].block_size
    pages, offsets = places(packed, tables, size)
    rows = len(packed.rows)
    mine = [tables[work.request_id] for work in packed.rows]
    decode = reader(mine, [work.start + 1 for work in packed.rows], size) if rows else None
    segments = []
    for work, first in zip(packed.segments, packed.firsts, strict=True):
        stop = work.start + len(work.tokens)
        mask = mx.arange(stop)[None] <= mx.arange(work.start, stop)[:, None]
        numbers = mx.array([tables[work.request_id][: -(-stop // size)]])
        segments.append((slice(first, first + len(work.tokens)), numbers, stop, mask))

    def attend(layer: int, q: mx.array, k: mx.array, v: mx.array) -> mx.array:
        cache = caches[layer]
        cache.write(pages, offsets, k, v)
        out = [decode(q[:rows], cache.keys, cache.values)] if decode is not None else []
        for tokens, numbers, stop, mask in segments:
            keys, values = (gather(each, numbers)[:, :, :stop] for each in (cache.keys, cache.values))
            out.append(attention(q[tokens][None], keys, values, mask)[0])
        return mx.concatenate(out)

    return attend
    # task 12.4 end
