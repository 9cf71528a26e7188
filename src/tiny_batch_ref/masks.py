"""Day 6: which token may look at which, when every row has its own length."""

from __future__ import annotations

from collections.abc import Sequence

import mlx.core as mx

from .kv_cache import BatchingKvCache, TinyKvCache


def causal_mask(n: int, offset: int) -> mx.array:
    """Which keys n new tokens may look at, behind `offset` stored ones: True where a query may look at a key.

    Returns (n, offset + n) bool: each of the n queries looks at everything stored, at the new tokens before it, and at
    itself. Raises ValueError if n is below 1 or `offset` below 0.
    """
    _require_count(n, offset)
    # task 6.2 begin
    queries = mx.arange(offset, offset + n)[:, None]
    return mx.arange(offset + n)[None, :] <= queries
    # task 6.2 end


def create_batch_mask(offsets: Sequence[int | None], n: int, max_len: int) -> mx.array:
    """Which keys may be looked at when every live slot gets n new tokens behind its own stored ones.

    offsets: for each of B slots, how many positions are stored before the new ones; None for a free slot.
    max_len: how many key positions there are, S; at least the largest offset + n.
    Returns (B, n, max_len) bool. A live slot's query number i looks at its own positions 0 to offset + i. A free slot's
    queries look only at position 0: what they read is not used, but a query without a legal key would give NaN.
    Raises ValueError if n is below 1, or if some slot's new tokens lie beyond `max_len`.
    """
    most = max((offset for offset in offsets if offset is not None), default=0)
    _require_count(n, most)
    if most + n > max_len:
        raise ValueError(f"{n} tokens behind {most} need {most + n} key positions, but max_len is {max_len}")
    # task 6.2 begin
    keys = mx.arange(max_len)[None, None, :]
    # A free slot's queries all stand at position 0.
    first = mx.array([offset or 0 for offset in offsets])[:, None, None]
    steps = mx.array([offset is not None for offset in offsets])[:, None, None]
    queries = first + mx.arange(n)[None, :, None] * steps
    return keys <= queries
    # task 6.2 end


class MlxLmCache:
    """One layer of your cache, as mlx-lm's models want to see it.

    They ask it for the position of the new tokens (`offset`), for a mask before the first layer (`make_mask`), and in
    each layer for all keys and values (`update_and_fetch`). Give a model one for each layer:
    `model(tokens, cache=[MlxLmCache(cache) for cache in caches])`.
    """

    def __init__(self, cache: TinyKvCache | BatchingKvCache) -> None:
        """cache: of one request, or of many."""
        self.cache = cache

    @property
    def offset(self) -> int | mx.array:
        """The position of the next token: a number for one request, (B,) int32 for many."""
        return self.cache.offset

    def update_and_fetch(self, keys: mx.array, values: mx.array) -> tuple[mx.array, mx.array]:
        """What the cache itself does."""
        return self.cache.update_and_fetch(keys, values)

    def make_mask(self, n: int, return_array: bool = False, window_size: int | None = None) -> mx.array:
        """The mask of a forward pass of n new tokens per row, made before any layer has stored them.

        Returns bool, True where a query may look, for scores of (B, Hq, n, S): (n, S) for one request, (B, 1, n, S) for
        many, where S is what `update_and_fetch` is going to return. return_array: mlx-lm asks for an array, and not
        for a word such as "causal"; this always returns one. Raises ValueError for a window: Qwen2 has none.
        """
        if window_size is not None:
            raise ValueError(f"window_size is {window_size}: this cache keeps everything, so ask without a window")
        # task 6.3 begin
        if isinstance(self.cache, TinyKvCache):
            return causal_mask(n, self.cache.offset)
        return create_batch_mask(self.cache.offsets, n, self.cache.longest + n)[:, None]
        # task 6.3 end


def _require_count(n: int, offset: int) -> None:
    if n < 1 or offset < 0:
        raise ValueError(f"{n} new tokens behind {offset}: give at least 1 and 0")
