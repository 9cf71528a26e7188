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
    raise NotImplementedError("Task 2.1: left_pad: see book/src/day-02.md")


def padded_positions(lengths: Sequence[int], width: int) -> mx.array:
    """The position of each token of a left-padded rectangle, counted as if its prompt stood alone.

    lengths: B numbers of real tokens, which fill the last columns of `width`.
    Returns (B, width) int32: 0, 1, 2, … over the real tokens; pads get 0.
    """
    _require_fit(lengths, width)
    raise NotImplementedError("Task 2.2: padded_positions: see book/src/day-02.md")


def padding_mask(lengths: Sequence[int], width: int, queries: int | None = None) -> mx.array:
    """Which token may look at which in a left-padded rectangle: True where a query may look at a key.

    lengths: B numbers of real tokens, which fill the last columns of `width`.
    queries: how many of the last columns are queries; all of them if None. A decode step has one.
    Returns (B, queries, width) bool. A real token looks at the real tokens of its own row up to and including
    itself. A pad looks only at itself: its result is never used, but a query without a legal key would give NaN.
    """
    _require_fit(lengths, width)
    raise NotImplementedError("Task 2.2: padding_mask: see book/src/day-02.md")


def bucket_by_length(lengths: Sequence[int], bucket_sizes: Sequence[int]) -> dict[int, list[int]]:
    """Which prompts go into which bucket: each into the smallest that holds it.

    lengths: tokens in each prompt. bucket_sizes: the widths of the buckets, in any order.
    Returns {size: indices of its prompts, in their order}, in order of growing size, without empty buckets.
    Raises ValueError for a prompt longer than every bucket: padding can't make it fit, and cutting it would lose text.
    """
    raise NotImplementedError("Task 2.4: bucket_by_length: see book/src/day-02.md")


def padding_waste(batches: Sequence[Sequence[int]], widths: Sequence[int] | None = None) -> float:
    """The share of the cells of all batches that hold padding, 0 to 1; 0.0 when there are no cells.

    batches: for each batch, the lengths of its prompts. widths: the width that each batch is padded to; if None, the
    length of its longest prompt.
    """
    if widths is None:
        widths = [max(batch, default=0) for batch in batches]
    raise NotImplementedError("Task 2.4: padding_waste: see book/src/day-02.md")


def _require_fit(lengths: Sequence[int], width: int) -> None:
    for row, length in enumerate(lengths):
        if not 1 <= length <= width:
            raise ValueError(f"row {row} has {length} tokens: a width of {width} holds 1 to {width}")
