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
    # task 7.1 begin
    caches = [TinyKvCache() for _ in range(model.config.num_layers)]
    for start in range(0, len(prompt), prefill_step):
        piece = mx.array([prompt[start : start + prefill_step]], dtype=mx.int32)
        positions = mx.arange(start, start + piece.shape[1], dtype=mx.int32)[None]
        mask = causal_mask(piece.shape[1], start)
        hidden = model(piece, positions, attend_with(caches, mask))
        mx.eval(hidden)  # without this, all pieces would be computed in the end, and in memory together
    return caches, model.logits(hidden[0, -1])
    # task 7.1 end


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
    # task 7.2 begin
    live = mx.array(caches[0].live)
    tokens = mx.array([token or 0 for token in next_tokens], dtype=mx.int32)
    mask = create_batch_mask(offsets, 1, caches[0].longest + 1)
    hidden = model(tokens[:, None], caches[0].offset[:, None], attend_with(caches, mask))
    return model.logits(hidden[live, 0])
    # task 7.2 end
