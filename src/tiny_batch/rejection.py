"""Day 13: guesses that are drawn at random, and an answer that is distributed as if nobody had guessed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import mlx.core as mx
import numpy as np

from .acceptance import guesses_of
from .plan import Work
from .sampling import SamplingParams

Array = np.ndarray
Said = Callable[[Work], "Array | None"]
"""The probabilities with which a work's guesses were drawn, (k, V); None: they were not drawn, but are sure."""


def probabilities(logits: mx.array, params: Sequence[SamplingParams]) -> Array:
    """The probability with which each token is drawn: (n, V) logits -> (n, V) float64, each row adds up to 1.

    It is what Day 4's `sample_batch` draws from: after temperature, top_k and top_p; a greedy row has a single 1.
    """
    scores = np.array(logits.astype(mx.float32), dtype=np.float64)
    return np.stack([_probabilities(row, each) for row, each in zip(scores, params, strict=True)])


def _probabilities(scores: Array, params: SamplingParams) -> Array:
    """`probabilities` of one row, (V,)."""
    if params.greedy:
        return certain(int(scores.argmax()), len(scores))
    scores = scores / params.temperature
    falling = -np.sort(-scores)
    falling = falling[: params.top_k or len(scores)]
    likely = np.exp(falling - falling[0])
    likely /= likely.sum()
    before = np.cumsum(likely) - likely  # what the more likely ones already make up
    last = int((before < params.top_p).sum()) if params.top_p < 1 else len(falling)
    admitted = np.where(scores >= falling[last - 1], np.exp(scores - falling[0]), 0.0)
    shares: Array = admitted / admitted.sum()
    return shares


def certain(token: int, vocabulary: int) -> Array:
    """All of the probability is one token's: (V,)."""
    row: Array = np.zeros(vocabulary)
    row[token] = 1.0
    return row


def draw(shares: Array, u: float) -> int:
    """The token at which the summed probabilities (V,) pass `u`, 0 ≤ u < 1: never one that has none."""
    reached = np.cumsum(shares)
    return int((reached > u * reached[-1]).argmax())


def three_draws(seed: int, position: int) -> tuple[float, float, float]:
    """Three numbers, 0 ≤ u < 1, that depend on seed and position alone, and not on each other.

    One for guessing the token at this position, one for accepting the guess, one for choosing a token there.
    """
    found = np.random.Generator(np.random.Philox(key=seed, counter=[position, 1, 0, 0])).random(3)
    return float(found[0]), float(found[1]), float(found[2])


def residual(target: Array, draft: Array) -> Array:
    """What a token is drawn from where a guess was refused: (V,) and (V,) probabilities -> (V,), which add up to 1.

    It is what the target has more of than the draft, scaled. Where nothing is left, the two are equal, and it is the
    target: a guess is refused there only by rounding.
    """
    raise NotImplementedError("Task 13.4: residual: see book/src/day-13.md")


def accept(target: Array, draft: Array, guesses: Sequence[int], draws: Sequence[tuple[float, float]]) -> list[int]:
    """The new tokens of one row: the guesses that are accepted, and one more. They are distributed as the target says.

    target: (k + 1, V), what the model says in the place of each guess, and after the last. draft: (k, V), what the
    guesses were drawn from, each with a probability above 0 there. draws: k + 1 pairs of numbers, 0 ≤ u < 1, for each
    place: the first accepts, the second chooses.
    A guess is accepted with probability target / draft, or surely where the target has more of it. In the place of the
    first that is not, a token is drawn from the residual, and nothing follows it; if all are accepted, one more is
    drawn from the target.
    Source: Leviathan et al., 2023, "Fast Inference from Transformers via Speculative Decoding", algorithm 1.
    """
    raise NotImplementedError("Task 13.4: accept: see book/src/day-13.md")


class Rejection:
    """An Acceptance that refuses a guess only as often as its draft says it too often.

    A row's draws depend on its seed and the position alone. But its tokens depend on the proposer, and on how many
    guesses it makes: they are distributed as without guesses, but are not the same.
    """

    def __init__(self, said: Said) -> None:
        """said: the probabilities with which a work's guesses were drawn."""
        self._said = said

    def __call__(self, logits: mx.array, works: Sequence[Work]) -> list[list[int]]:
        """See Acceptance."""
        found, first = [], 0
        for work in works:
            rows, guesses = logits[first : first + work.wanted], guesses_of(work)
            first += work.wanted
            target = probabilities(rows, [work.sampling] * work.wanted)
            draft = self._said(work)
            if draft is None:
                draft = np.stack([certain(guess, target.shape[1]) for guess in guesses]) if guesses else target[:0]
            stop = work.start + len(work.tokens) + 1
            draws = [three_draws(work.sampling.seed, place)[1:] for place in range(stop - work.wanted, stop)]
            found.append(accept(target, draft, guesses, draws))
        return found
