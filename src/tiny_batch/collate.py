"""Day 3: batches that are not for language models: equal images, texts in buckets, rows without any padding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import mlx.core as mx

from .padding import bucket_by_length


@dataclass(frozen=True)
class TextBatch:
    """Some texts in one rectangle.

    indices: which text each row is. tokens: (B, L) int32, each text first and pads behind it, for a model that
    reads whole texts and continues none. mask: (B, L) bool, True where there is a token of the text.
    """

    indices: list[int]
    tokens: mx.array
    mask: mx.array


@dataclass(frozen=True)
class Ragged:
    """Rows of unequal length, one behind the other, without a pad.

    values: (N,) int32. offsets: (B + 1,) int32, from 0 to N: row i is values[offsets[i] : offsets[i + 1]].
    """

    values: mx.array
    offsets: mx.array


def collate_images(images: Sequence[mx.array]) -> mx.array:
    """All images as one array: B of shape (H, W, C) become (B, H, W, C).

    Raises ValueError if there is none, or if one differs in shape from the first (it says which, and both shapes):
    resizing loses detail, so that is for the caller to decide.
    """
    raise NotImplementedError("Task 3.3: collate_images: see book/src/day-03.md")


def collate_texts(texts: Sequence[Sequence[int]], bucket_sizes: Sequence[int], pad_id: int) -> list[TextBatch]:
    """The texts in one batch per bucket, by growing size, each as wide as its bucket; the buckets are Day 2's.

    Raises ValueError for a text that is longer than every bucket.
    """
    raise NotImplementedError("Task 3.3: collate_texts: see book/src/day-03.md")


def collate_sparse(features: Sequence[Sequence[int]]) -> Ragged:
    """The ids of all rows one behind the other, as an embedding bag reads them; any row may be empty, even all."""
    raise NotImplementedError("Task 3.3: collate_sparse: see book/src/day-03.md")
