"""Attention over stored keys and values, and the cache of one padded batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import mlx.core as mx

from tiny_batch_kit.model.qwen2 import Attend

CACHE_STEP = 64  # columns by which the storage grows: few enough to waste little, enough to copy it seldom


def attention(q: mx.array, k: mx.array, v: mx.array, mask: mx.array | None = None) -> mx.array:
    """What each query reads: the values of the keys that it may look at, weighted by a softmax.

    q: (B, L, Hq, Dh). k and v: (B, Hkv, S, Dh); Hq is a multiple of Hkv, and query heads that follow one another share
    a key-value head. mask: bool, (B, L, S) or (L, S), True where a query may look; None: everywhere.
    Returns (B, L, Hq, Dh). A query with no legal key comes back as NaN: give pads and idle rows one key to look at.
    Raises ValueError if the shapes do not fit together.
    """
    batch, length, heads, width = q.shape
    kv_heads, columns = k.shape[1], k.shape[2]
    if k.shape != v.shape or k.shape[0] != batch or k.shape[3] != width or heads % kv_heads:
        raise ValueError(
            f"queries {q.shape} do not fit keys {k.shape} and values {v.shape}: "
            "expected (B, L, Hq, Dh) and twice (B, Hkv, S, Dh) with Hq a multiple of Hkv"
        )
    group = heads // kv_heads
    # The queries that share a key-value head become the rows of one product: (B, Hkv, group * L, Dh).
    rows = (q * width**-0.5).reshape(batch, length, kv_heads, group, width).transpose(0, 2, 3, 1, 4)
    scores = rows.reshape(batch, kv_heads, group * length, width) @ k.swapaxes(2, 3)
    if mask is not None:
        if mask.shape[-2:] != (length, columns):
            raise ValueError(f"mask {mask.shape} for {length} queries and {columns} keys: expected (B, L, S) or (L, S)")
        scores = scores.reshape(batch, kv_heads, group, length, columns)
        legal = mask[:, None, None] if mask.ndim == 3 else mask
        scores = mx.where(legal, scores, mx.array(-mx.inf, scores.dtype))
        scores = scores.reshape(batch, kv_heads, group * length, columns)
    out = mx.softmax(scores, axis=-1, precise=True) @ v
    return out.reshape(batch, kv_heads, group, length, width).transpose(0, 3, 1, 2, 4).reshape(q.shape)


class KvCache(Protocol):
    """One layer's cache, as mlx-lm's models expect it too."""

    def update_and_fetch(self, keys: mx.array, values: mx.array) -> tuple[mx.array, mx.array]:
        """Append keys and values, (B, Hkv, L, Dh), and return all that a query may have to look at, (B, Hkv, S, Dh)."""
        ...


def attend_with(caches: Sequence[KvCache], mask: mx.array | None) -> Attend:
    """A callable for one forward pass over caches, one for each layer: it appends the pass's L positions, then attends.

    mask: bool, (B, L, S) or (L, S), True where a query may look, S what the caches give back; None: everywhere.
    """

    def attend(layer: int, q: mx.array, k: mx.array, v: mx.array) -> mx.array:
        keys, values = caches[layer].update_and_fetch(k.swapaxes(1, 2), v.swapaxes(1, 2))
        return attention(q, keys, values, mask)

    return attend


class PaddedCache:
    """The keys and values of one padded batch: B rows that all have the same number of columns.

    One call of `attend(mask)` serves one forward pass, which appends its L columns to every layer.
    Storage is (B, Hkv, S, Dh) for each layer, and grows by steps, so a decode step copies none of it.
    """

    def __init__(self, num_layers: int) -> None:
        self._keys: list[mx.array | None] = [None] * num_layers
        self._values: list[mx.array | None] = [None] * num_layers
        self._columns = [0] * num_layers

    @property
    def columns(self) -> int:
        """How many columns are stored, pads included: S of the last forward pass."""
        return self._columns[-1] if self._columns else 0

    def attend(self, mask: mx.array | None) -> Attend:
        """A callable for one forward pass: it appends the pass's L columns, then attends to all S stored so far.

        mask: bool, (B, L, S) or (L, S), True where a query may look; None: everywhere.
        """

        def attend(layer: int, q: mx.array, k: mx.array, v: mx.array) -> mx.array:
            keys, values = self._append(layer, k, v)
            return attention(q, keys, values, mask)

        return attend

    def _append(self, layer: int, k: mx.array, v: mx.array) -> tuple[mx.array, mx.array]:
        """Store k and v, (B, L, Hkv, Dh), behind what the layer has; return views of all of it, (B, Hkv, S, Dh)."""
        if k.ndim != 4:
            raise ValueError(f"keys of shape {k.shape}: a padded batch gives the model tokens of shape (B, L)")
        start, stop = self._columns[layer], self._columns[layer] + k.shape[1]
        keys = _with_room(self._keys[layer], k, start, stop)
        values = _with_room(self._values[layer], v, start, stop)
        # Both writes come before both reads: a write after a read would have to copy the storage (see the book, day 5).
        keys[:, :, start:stop] = k.swapaxes(1, 2)
        values[:, :, start:stop] = v.swapaxes(1, 2)
        self._keys[layer], self._values[layer], self._columns[layer] = keys, values, stop
        return keys[:, :, :stop], values[:, :, :stop]


def _with_room(stored: mx.array | None, new: mx.array, start: int, stop: int) -> mx.array:
    """The storage itself if `stop` columns fit in it, else a larger copy of its first `start` columns."""
    batch, _, heads, width = new.shape
    if stored is not None and stored.shape[0] != batch:
        raise ValueError(f"{batch} rows for a cache of {stored.shape[0]}: a padded batch keeps its rows to the end")
    if stored is not None and stop <= stored.shape[2]:
        return stored
    capacity = -(-stop // CACHE_STEP) * CACHE_STEP
    room = mx.zeros((batch, heads, capacity - start, width), dtype=new.dtype)
    return room if stored is None else mx.concatenate([stored[:, :, :start], room], axis=2)
