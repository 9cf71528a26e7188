"""Day 13: which guesses are right: the model has the last word on every token."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import mlx.core as mx

from .plan import Work
from .proposers import came_true
from .sampling import sample_batch

Acceptance = Callable[[mx.array, Sequence[Work]], list[list[int]]]
"""Logits (W, V), `wanted` rows of each work in order -> each work's new tokens: the right guesses, and one more."""


def guesses_of(work: Work) -> Sequence[int]:
    """The guesses among a work's tokens: all of those whose logits are wanted, but the first."""
    return work.tokens[len(work.tokens) + 1 - work.wanted :]


def match(logits: mx.array, works: Sequence[Work]) -> list[list[int]]:
    """The new tokens of each work: those that would have come without guesses, as far as the guesses are the same.

    An Acceptance. Each row's token is chosen by `sample_batch`, at the position where it will stand. A guess is right
    if it is the token that was chosen in its place. After the last right one, one more token is known; what was chosen
    after a wrong one is worth nothing.
    So the answer is the same with guesses and without, sampled or not: a draw depends on seed and position alone.
    """
    # task 13.3 begin
    params = [work.sampling for work in works for _ in range(work.wanted)]
    positions: list[int] = []
    for work in works:
        stop = work.start + len(work.tokens) + 1
        positions += range(stop - work.wanted, stop)
    chosen = iter(cast(list[int], sample_batch(logits, params, positions).tolist()))
    found = []
    for work in works:
        mine = [next(chosen) for _ in range(work.wanted)]
        found.append(mine[: came_true(guesses_of(work), mine) + 1])
    return found
    # task 13.3 end
