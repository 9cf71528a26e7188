"""Day 4: choosing the next token of every row at once, each row in its own way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import mlx.core as mx
import numpy as np


@dataclass(frozen=True)
class SamplingParams:
    """How a request wants its tokens chosen.

    temperature: 0 takes the most likely token; below 1 prefers likely ones even more, above 1 less. top_k: only the k
    most likely tokens may be drawn; 0: all. top_p: only the fewest most likely tokens whose probabilities together
    reach p; 1: all. seed: what the draws depend on. Raises ValueError for values that make no sense.
    Source: Holtzman et al., 2020, "The Curious Case of Neural Text Degeneration", section 3 (top-p).
    """

    temperature: float = 0.0
    top_k: int = 0
    top_p: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not (self.temperature >= 0 and self.temperature < float("inf")):
            raise ValueError(f"temperature is {self.temperature}: give a finite number of at least 0")
        if self.top_k < 0 or not 0 < self.top_p <= 1:
            raise ValueError(f"top_k {self.top_k}, top_p {self.top_p}: give top_k ≥ 0 (0: all) and 0 < top_p ≤ 1")
        if not 0 <= self.seed < 2**64:
            raise ValueError(f"seed is {self.seed}: give a whole number of at least 0 and below 2**64")

    @property
    def greedy(self) -> bool:
        """Whether the most likely token is taken. So it is at hardly any temperature: dividing by it would overflow."""
        return self.temperature < 1e-4


def uniform_draws(params: Sequence[SamplingParams], positions: Sequence[int]) -> mx.array:
    """One random number per row, 0 ≤ u < 1, that depends only on the row's seed and its token's position.

    positions: where in its sequence each row's new token will stand. Returns (B,) float32.
    A generator that keeps a state would not do: what it gives depends on earlier draws. Philox has none: it
    turns a key and a counter into a random number (Salmon et al., 2011, "Parallel Random Numbers: As Easy as 1, 2, 3").
    """
    draws = [
        np.random.Generator(np.random.Philox(key=row.seed, counter=position)).random()
        for row, position in zip(params, positions, strict=True)
    ]
    return mx.array(np.array(draws) * (1 - 2**-20), dtype=mx.float32)  # so that no rounding can make it 1


def sample_batch(logits: mx.array, params: Sequence[SamplingParams], positions: Sequence[int]) -> mx.array:
    """The next token of every row, each chosen by the row's own parameters.

    logits: (B, V). params and positions: B of each; a position is where in its sequence the new token will stand.
    Returns (B,) int32. A row's token depends on its logits, parameters and position alone: not on its batch-mates, nor
    on its place among them. Tokens as likely as the last that top_k or top_p admits are admitted too.
    Raises ValueError if the counts differ.
    """
    if len(params) != logits.shape[0] or len(positions) != logits.shape[0]:
        raise ValueError(
            f"{logits.shape[0]} rows of logits, {len(params)} params, {len(positions)} positions: give one each a row"
        )
    raise NotImplementedError("Task 4.4: sample_batch: see book/src/day-04.md")


def _lowest_admitted(scaled: mx.array, params: Sequence[SamplingParams]) -> mx.array:
    """The lowest logit of each row that its top_k and top_p let through.

    scaled: (B, V) logits, divided by the temperature. Returns (B, 1). top_p counts over what top_k has left.
    """
    raise NotImplementedError("Task 4.4: _lowest_admitted: see book/src/day-04.md")
