"""Attention of one query a row over pages that lie anywhere: on a CPU, without copying a page.

Gathering a row's pages into one piece costs MLX some 5 ns a number on a CPU, many times what attending costs. So turn
it round: let each page meet the queries of those who read it, where it lies. Pages of one reader go together, in one
product over the stretch of memory that holds them; a stretch that several rows share, such as a common prompt, is read
once for all of them. What comes out per stretch (a maximum, a sum, a weighted sum) is merged as in an online softmax.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import mlx.core as mx
import numpy as np

from tiny_batch_kit.model.tuned import exp

Decode = Callable[[mx.array, mx.array, mx.array], mx.array]
"""(q, keys, values) of a layer -> what the rows read: q and the result (B, Hq, Dh), keys and values the layer's pages,
(num_blocks, Hkv, block_size, Dh)."""

Part = tuple[mx.array, mx.array, mx.array]
"""Of each row: the highest score, (B, Hkv, G, 1); the sum of weights relative to it; their weighted sum of values."""

Readers = Mapping[int, Sequence[tuple[int, int]]]
"""For each page, who reads it: (row, how many of its positions the row sees)."""

ReaderMaker = Callable[[Sequence[Sequence[int]], Sequence[int], int], Decode]
"""Makes a Decode for the rows of a step: from their tables, how many positions each sees, and the size of a page."""

_NOBODY = -1e30  # as a maximum: below every score, and finite, so that differences are numbers


@dataclass(frozen=True)
class _Own:
    """The stretch of pages that has all pages of one reader. n pages, B rows that have W of them at most.

    one_hot: (n, B): whose a page is. bias: (n, 1, size, 1): 0, or _NOBODY where nothing is to be seen. places: (B, W):
    each row's pages, by their number in the stretch; pad: (B, W, 1): 0, or _NOBODY where a row has fewer.
    """

    pages: slice
    one_hot: mx.array
    owner: mx.array
    bias: mx.array
    places: mx.array
    pad: mx.array

    def read(self, q: mx.array, keys: mx.array, values: mx.array) -> Part:
        """q: (B, Hkv, G, Dh), scaled."""
        rows, heads, group, width = q.shape
        count = len(self.one_hot)
        # A product with ones and noughts picks rows exactly, and sooner than an index does.
        theirs = (self.one_hot @ q.reshape(rows, -1)).reshape(count, heads, group, width)
        scores = keys[self.pages] @ theirs.swapaxes(2, 3) + self.bias  # (n, Hkv, size, G)
        highest = mx.max(scores, axis=2).reshape(count, -1)  # of each page, and then of each row
        most = mx.max(highest[self.places] + self.pad, axis=1)
        weights = exp(scores - most[self.owner].reshape(count, heads, 1, group))
        out = (weights.swapaxes(2, 3) @ values[self.pages]).reshape(count, -1)
        back = self.one_hot.swapaxes(0, 1)
        total = back @ mx.sum(weights, axis=2).reshape(count, -1)
        shape = (rows, heads, group, 1)
        return most.reshape(shape), total.reshape(shape), (back @ out).reshape(q.shape)


@dataclass(frozen=True)
class _Common:
    """A stretch of n pages that R rows share, read once for all of them.

    one_hot: (R, B): who reads. number: (B,): as which of the readers a row reads, R for one that does not. bias: (n, 1,
    size, R, 1): 0, or _NOBODY where a reader sees nothing.
    """

    pages: slice
    one_hot: mx.array
    number: mx.array
    bias: mx.array

    def read(self, q: mx.array, keys: mx.array, values: mx.array) -> Part:
        """q: (B, Hkv, G, Dh), scaled."""
        rows, heads, group, width = q.shape
        readers, count = len(self.one_hot), self.bias.shape[0]
        theirs = (self.one_hot @ q.reshape(rows, -1)).reshape(readers, heads, group, width)
        together = theirs.transpose(1, 3, 0, 2).reshape(1, heads, width, readers * group)
        scores = keys[self.pages] @ together  # (n, Hkv, size, R * G)
        bias = mx.broadcast_to(self.bias, (*self.bias.shape[:4], group)).reshape(count, 1, -1, readers * group)
        scores = scores + bias
        most = mx.max(scores, axis=(0, 2), keepdims=True)
        weights = exp(scores - most)
        total = mx.sum(weights, axis=(0, 2))  # (Hkv, R * G)
        out = mx.sum(weights.swapaxes(2, 3) @ values[self.pages], axis=0)  # (Hkv, R * G, Dh)
        return (
            self._by_row(most, heads, group, _NOBODY),
            self._by_row(total, heads, group, 0.0),
            self._by_row(out, heads, group, 0.0),
        )

    def _by_row(self, found: mx.array, heads: int, group: int, nobody: float) -> mx.array:
        """(Hkv, R * G, …) of the readers -> (B, Hkv, G, …) of all rows."""
        each = found.reshape(heads, len(self.one_hot), group, -1).swapaxes(0, 1)
        return mx.concatenate([each, mx.full((1, *each.shape[1:]), nobody)])[self.number]


def _own(own: Mapping[int, tuple[int, int]], rows: int, size: int) -> _Own:
    low, count = min(own), max(own) - min(own) + 1
    owner, seen = np.zeros(count, np.int32), np.zeros(count, np.int64)
    mine: list[list[int]] = [[] for _ in range(rows)]
    for page, (row, visible) in own.items():
        owner[page - low], seen[page - low] = row, visible
        mine[row].append(page - low)
    width = max(map(len, mine))
    places = np.array([pages + [0] * (width - len(pages)) for pages in mine], np.int32)
    pad = np.array([[0.0] * len(pages) + [_NOBODY] * (width - len(pages)) for pages in mine], np.float32)
    one_hot = (owner[:, None] == np.arange(rows)) & (seen[:, None] > 0)
    return _Own(
        slice(low, low + count),
        mx.array(one_hot.astype(np.float32)),
        mx.array(owner),
        mx.array(np.where(np.arange(size) < seen[:, None], 0.0, _NOBODY).astype(np.float32)[:, None, :, None]),
        mx.array(places),
        mx.array(pad[:, :, None]),
    )


def _common(pages: range, readers: Readers, rows: int, size: int) -> _Common:
    them = [row for row, _ in readers[pages[0]]]
    seen = np.array([[visible for _, visible in readers[page]] for page in pages])  # (n, R)
    number = np.full(rows, len(them), np.int32)
    number[them] = np.arange(len(them))
    visible = np.arange(size)[None, :, None] < seen[:, None, :]
    return _Common(
        slice(pages.start, pages.stop),
        mx.array((np.array(them)[:, None] == np.arange(rows)).astype(np.float32)),
        mx.array(number),
        mx.array(np.where(visible, 0.0, _NOBODY).astype(np.float32)[:, None, :, :, None]),
    )


def _runs(pages: Sequence[int], readers: Readers) -> list[range]:
    """Pages that follow each other and have the same readers, as ranges."""
    runs: list[range] = []
    for page in pages:
        same = runs and page == runs[-1].stop and [r for r, _ in readers[page]] == [r for r, _ in readers[page - 1]]
        if same:
            runs[-1] = range(runs[-1].start, page + 1)
        else:
            runs.append(range(page, page + 1))
    return runs


def page_reader(tables: Sequence[Sequence[int]], lengths: Sequence[int], size: int) -> Decode:
    """How to read the pages of a step's rows: made once a step, for all of its layers. For float32.

    tables: the numbers of each row's pages, in order of positions. lengths: how many positions each row sees, at least
    1. size: positions of a page.
    """
    readers: dict[int, list[tuple[int, int]]] = {}
    for row, (table, length) in enumerate(zip(tables, lengths, strict=True)):
        for place in range(-(-length // size)):
            readers.setdefault(table[place], []).append((row, min(size, length - place * size)))
    own = {page: them[0] for page, them in readers.items() if len(them) == 1}
    common = sorted(page for page, them in readers.items() if len(them) > 1)
    stretches: list[_Own | _Common] = [_own(own, len(tables), size)] if own else []
    stretches += [_common(run, readers, len(tables), size) for run in _runs(common, readers)]

    def decode(q: mx.array, keys: mx.array, values: mx.array) -> mx.array:
        rows, heads, width = q.shape
        scaled = (q * width**-0.5).reshape(rows, keys.shape[1], heads // keys.shape[1], width)
        total, out = _merged([each.read(scaled, keys, values) for each in stretches])
        return (out / total).reshape(q.shape)

    return decode


def _merged(parts: Sequence[Part]) -> tuple[mx.array, mx.array]:
    """(the sum of weights, the weighted sum of values) over all parts, each rescaled to the highest maximum."""
    if len(parts) == 1:
        return parts[0][1], parts[0][2]
    highest = parts[0][0]
    for most, _, _ in parts[1:]:
        highest = mx.maximum(highest, most)
    scales = [exp(most - highest) for most, _, _ in parts]
    totals = [total * scale for (_, total, _), scale in zip(parts, scales, strict=True)]
    outs = [out * scale for (_, _, out), scale in zip(parts, scales, strict=True)]
    return sum(totals[1:], totals[0]), sum(outs[1:], outs[0])
