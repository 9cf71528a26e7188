"""Day 2: put prompts of unequal length into one rectangle, and measure what that wastes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

import mlx.core as mx


def left_pad(prompts: Sequence[Sequence[int]], pad_id: int) -> mx.array:
    """One rectangle of token ids in which every prompt ends in the last column.

    prompts: B lists of token ids, of unequal length, none empty.
    Returns (B, L) int32, with L the longest prompt's length; shorter prompts have `pad_id` in front.
    Raises ValueError if there is no prompt, or if one is empty (it says which).
    """
    # task 2.1 begin
    if not prompts:
        raise ValueError("there is no prompt to pad: give at least one")
    for index, prompt in enumerate(prompts):
        if not prompt:
            raise ValueError(f"prompt {index} is empty: a model needs at least one token to say what comes next")
    width = max(len(prompt) for prompt in prompts)
    return mx.array([[pad_id] * (width - len(prompt)) + list(prompt) for prompt in prompts], dtype=mx.int32)
    # task 2.1 end


def padded_positions(lengths: Sequence[int], width: int) -> mx.array:
    """The position of each token of a left-padded rectangle, counted as if its prompt stood alone.

    lengths: B numbers of real tokens, which fill the last columns of `width`.
    Returns (B, width) int32: 0, 1, 2, … over the real tokens; pads get 0.
    """
    _require_fit(lengths, width)
    # task 2.2 begin
    pads = width - mx.array(list(lengths), dtype=mx.int32)[:, None]
    return mx.maximum(mx.arange(width, dtype=mx.int32)[None, :] - pads, 0)
    # task 2.2 end


def padding_mask(lengths: Sequence[int], width: int, queries: int | None = None) -> mx.array:
    """Which token may look at which in a left-padded rectangle: True where a query may look at a key.

    lengths: B numbers of real tokens, which fill the last columns of `width`.
    queries: how many of the last columns are queries; all of them if None. A decode step has one.
    Returns (B, queries, width) bool. A real token looks at the real tokens of its own row up to and including
    itself. A pad looks only at itself: its result is never used, but a query without a legal key would give NaN.
    """
    _require_fit(lengths, width)
    # task 2.2 begin
    pads = width - mx.array(list(lengths), dtype=mx.int32)[:, None, None]
    keys = mx.arange(width)[None, None, :]
    asking = keys.swapaxes(1, 2)[:, width - (queries or width) :]
    return ((keys >= pads) & (keys <= asking)) | (keys == asking)
    # task 2.2 end


def bucket_by_length(lengths: Sequence[int], bucket_sizes: Sequence[int]) -> dict[int, list[int]]:
    """Which prompts go into which bucket: each into the smallest that holds it.

    lengths: tokens in each prompt. bucket_sizes: the widths of the buckets, in any order.
    Returns {size: indices of its prompts, in their order}, in order of growing size, without empty buckets.
    Raises ValueError for a prompt longer than every bucket: padding can't make it fit, and cutting it would lose text.
    """
    # task 2.4 begin
    sizes = sorted(bucket_sizes)
    buckets: dict[int, list[int]] = {size: [] for size in sizes}
    for index, length in enumerate(lengths):
        place = bisect_left(sizes, length)
        if place == len(sizes):
            raise ValueError(
                f"prompt {index} has {length} tokens, more than the largest bucket of {sizes}: "
                "add a larger bucket or refuse the prompt"
            )
        buckets[sizes[place]].append(index)
    return {size: indices for size, indices in buckets.items() if indices}
    # task 2.4 end


def padding_waste(batches: Sequence[Sequence[int]], widths: Sequence[int] | None = None) -> float:
    """The share of the cells of all batches that hold padding, 0 to 1; 0.0 when there are no cells.

    batches: for each batch, the lengths of its prompts. widths: the width that each batch is padded to; if None, the
    length of its longest prompt.
    """
    if widths is None:
        widths = [max(batch, default=0) for batch in batches]
    # task 2.4 begin
    cells = sum(len(batch) * width for batch, width in zip(batches, widths, strict=True))
    tokens = sum(sum(batch) for batch in batches)
    return (cells - tokens) / cells if cells else 0.0
    # task 2.4 end


def _require_fit(lengths: Sequence[int], width: int) -> None:
    for row, length in enumerate(lengths):
        if not 1 <= length <= width:
            raise ValueError(f"row {row} has {length} tokens: a width of {width} holds 1 to {width}")
