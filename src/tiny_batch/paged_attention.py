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
        raise NotImplementedError("Task 12.4: PagedKvCache.copy: see book/src/day-12.md")

    def write(self, pages: mx.array, offsets: mx.array, keys: mx.array, values: mx.array) -> None:
        """Store the keys and values of a step's tokens, (T, Hkv, Dh), each in its page, at its offset: (T,) each."""
        raise NotImplementedError("Task 12.4: PagedKvCache.write: see book/src/day-12.md")


def places(packed: Packed, tables: Tables, size: int) -> tuple[mx.array, mx.array]:
    """Where each packed token's keys and values go: (the numbers of the pages, the offsets in them), (T,) int32 each.

    Raises ValueError, which names the request, if a table is too short for its tokens.
    """
    raise NotImplementedError("Task 12.4: places: see book/src/day-12.md")


def gather(pages: mx.array, tables: mx.array) -> mx.array:
    """The pages of B rows in one piece each: (num_blocks, Hkv, size, Dh), (B, W) numbers -> (B, Hkv, W * size, Dh)."""
    raise NotImplementedError("Task 12.4: gather: see book/src/day-12.md")


def gathering_reader(tables: Sequence[Sequence[int]], lengths: Sequence[int], size: int) -> Decode:
    """How rows of one token read: their pages are gathered into one piece each, and nothing beyond it is read.

    tables: the numbers of each row's pages; they may be of unequal length, and longer than needed: what stands after a
    row's last page is never followed. lengths: how many positions each row sees, at least 1. Returns a function of a
    layer's (q, keys, values): q is (B, Hq, Dh), keys and values are the layer's pages; it returns (B, Hq, Dh).
    """
    raise NotImplementedError("Task 12.4: gathering_reader: see book/src/day-12.md")


def paged_attend(packed: Packed, tables: Tables, caches: Sequence[PagedKvCache], reader: ReaderMaker) -> Attend:
    """The `attend` of one step, for the model: q is (T, Hq, Dh), k and v (T, Hkv, Dh); returns (T, Hq, Dh).

    caches: one for each layer. In each, all of the step is written before anything is read. reader: makes what rows of
    one token read with, such as `gathering_reader`; it is called once per step, and not at all if there are no rows.
    Segments read their own pages, gathered: each token sees what its request has stored before it, and itself.
    """
    raise NotImplementedError("Task 12.4: paged_attend: see book/src/day-12.md")
