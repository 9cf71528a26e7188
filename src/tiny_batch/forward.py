"""Day 7: the two forward passes of serving: one reads a prompt, the other takes a batch one token further."""

from __future__ import annotations

from collections.abc import Sequence

import mlx.core as mx

from tiny_batch_kit.model.attention import attend_with
from tiny_batch_kit.model.qwen2 import Qwen2

from .kv_cache import BatchingKvCache, TinyKvCache
from .masks import causal_mask, create_batch_mask


def prefill(model: Qwen2, prompt: Sequence[int], prefill_step: int) -> tuple[list[TinyKvCache], mx.array]:
    """Read a prompt into caches of its own, one for each layer, in pieces of at most `prefill_step` tokens.

    Pieces keep the scores of a long prompt small: (L, S) per head, not (S, S). Only the last token's logits are made.
    Returns the caches and the logits of the next token, (V,).
    """
    raise NotImplementedError("Task 7.1: prefill: see book/src/day-07.md")


def decode_step(model: Qwen2, next_tokens: Sequence[int | None], caches: Sequence[BatchingKvCache]) -> mx.array:
    """One forward pass in which every live slot reads its newest token.

    next_tokens: for each slot the token that its request got last, which no cache holds yet; None for a free slot.
    caches: one for each layer; each grows by one position per live slot.
    Returns the logits of the live slots' next tokens, (live, V), in the order of the slots; none for free slots.
    Raises ValueError if `next_tokens` and the caches do not agree on which slots are live.
    """
    offsets = caches[0].offsets
    if [token is None for token in next_tokens] != [offset is None for offset in offsets]:
        raise ValueError(f"next tokens {list(next_tokens)} for slots with offsets {offsets}: give a live slot a token")
    raise NotImplementedError("Task 7.2: decode_step: see book/src/day-07.md")
