"""Day 11: where blocks of keys and values lie, and how they come into slots and out of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

import mlx.core as mx

from tiny_batch_kit.model.qwen2 import Qwen2

from .caching import BlockCopy, CachingPlan
from .packed_attention import PackedKvCache
from .plan import StepPlan
from .runner import MlxRunner


class BlockStore:
    """One layer's stored blocks: keys and values of (num_blocks, Hkv, block_size, Dh) each, allocated once."""

    def __init__(self, num_blocks: int, heads: int, block_size: int, width: int, dtype: mx.Dtype) -> None:
        """Storage for `num_blocks` blocks of `block_size` positions each."""
        self.keys = mx.zeros((num_blocks, heads, block_size, width), dtype=dtype)
        self.values = mx.zeros((num_blocks, heads, block_size, width), dtype=dtype)
        self.block_size = block_size
        mx.eval(self.keys, self.values)

    def load(self, copies: Sequence[BlockCopy], cache: PackedKvCache) -> None:
        """Copy stored blocks into slots of a layer's cache. The store stays as it is."""
        raise NotImplementedError("Task 11.5: BlockStore.load: see book/src/day-11.md")

    def keep(self, copies: Sequence[BlockCopy], cache: PackedKvCache) -> None:
        """Copy whole blocks of positions out of slots of a layer's cache into the store. The cache stays as it is."""
        raise NotImplementedError("Task 11.5: BlockStore.keep: see book/src/day-11.md")


def _runs(copies: Sequence[BlockCopy], size: int) -> list[tuple[mx.array, int, int, int]]:
    """Copies whose positions follow each other in one slot, as (numbers of the blocks, slot, start, stop).

    As few runs as there can be of copies that come in order: by slot, and from its beginning to its end.
    """
    raise NotImplementedError("Task 11.5: _runs: see book/src/day-11.md")


def _joined(blocks: mx.array) -> mx.array:
    """(n, Hkv, size, Dh) -> (Hkv, n * size, Dh)."""
    count, heads, size, width = blocks.shape
    return blocks.swapaxes(0, 1).reshape(heads, count * size, width)


def _cut(positions: mx.array, size: int) -> mx.array:
    """(Hkv, n * size, Dh) -> (n, Hkv, size, Dh)."""
    heads, length, width = positions.shape
    return positions.reshape(heads, length // size, size, width).swapaxes(0, 1)


class CachingRunner(MlxRunner):
    """Runs the plans of a CachingScheduler: loads, computes, keeps."""

    def __init__(self, model: Qwen2, *, max_running: int, max_seq_len: int, num_blocks: int, block_size: int) -> None:
        """A runner for a scheduler and a prefix cache with these limits; allocates all that it will ever need."""
        super().__init__(model, max_running=max_running, max_seq_len=max_seq_len)
        c = model.config
        self.stores = [
            BlockStore(num_blocks, c.num_kv_heads, block_size, c.head_dim, model.dtype) for _ in range(c.num_layers)
        ]

    def run(self, plan: StepPlan) -> Mapping[str, Sequence[int]]:
        """See Runner."""
        loads, keeps = (plan.loads, plan.keeps) if isinstance(plan, CachingPlan) else ((), ())
        for store, cache in zip(self.stores, self.caches, strict=True):
            store.load(loads, cache)
        sampled = super().run(plan)
        for store, cache in zip(self.stores, self.caches, strict=True):
            store.keep(keeps, cache)
        # Now, for the next step's write to a cache that is still to be read would have to copy it.
        mx.eval([each for store in self.stores for each in (store.keys, store.values)] if keeps else [])
        return sampled
