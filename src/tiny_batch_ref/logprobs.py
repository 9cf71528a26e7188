"""Day 15: a runner that says how likely its tokens were, and which prompt tokens it found in the cache."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import mlx.core as mx

from .engine import Event, FinishedEvent, TokenEvent
from .plan import StepPlan, Work
from .runner import MlxRunner
from .sampling import SamplingParams


@dataclass(frozen=True)
class ScoredSampling(SamplingParams):
    """Sampling for a request that wants log-probabilities, and those of the `top_logprobs` most likely tokens."""

    top_logprobs: int = 0


@dataclass(frozen=True)
class Score:
    """A token's log-probability under the model, at temperature 1; top: the likeliest tokens, with theirs."""

    token: int
    logprob: float
    top: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True)
class ScoredToken(TokenEvent):
    """A TokenEvent of a request that wants log-probabilities. Without a score if the runner keeps none."""

    score: Score | None = None


@dataclass(frozen=True)
class Ended(FinishedEvent):
    """A FinishedEvent that says for how many prompt tokens keys and values were there already."""

    cached_tokens: int = 0


class ScoringRunner(MlxRunner):
    """To be mixed in before a runner: `class Mine(ScoringRunner, PagedRunner)`. Only the engine's thread uses it."""

    def run(self, plan: StepPlan) -> Mapping[str, Sequence[int]]:
        """See Runner."""
        for work in plan.work:
            self._cached.setdefault(work.request_id, work.start)
        return super().run(plan)

    def choose(self, logits: mx.array, wanting: Sequence[Work]) -> Mapping[str, Sequence[int]]:
        """As MlxRunner.choose; the j-th new token of a request was chosen from the j-th of its rows.

        Only rows of requests that want it are scored: a logsumexp over the vocabulary costs more than all the rest of a
        small model's sampling.
        """
        chosen = super().choose(logits, wanting)
        row = 0
        for work in wanting:
            if isinstance(work.sampling, ScoredSampling):
                tokens = chosen[work.request_id]
                found = scores(logits[row : row + len(tokens)], tokens, work.sampling.top_logprobs)
                self._scores.setdefault(work.request_id, deque()).extend(found)
            row += work.wanted
        return chosen

    def annotate(self, event: Event) -> Event:
        """The event with what the runner knows of it. Call it once for each event, in order: it then forgets."""
        if isinstance(event, TokenEvent) and event.request_id in self._scores:
            kept = self._scores[event.request_id]
            return ScoredToken(event.request_id, event.token, event.text, kept.popleft() if kept else None)
        if isinstance(event, FinishedEvent):
            self._scores.pop(event.request_id, None)
            return Ended(**vars(event), cached_tokens=self._cached.pop(event.request_id, 0))
        return event

    @property
    def _scores(self) -> dict[str, deque[Score]]:
        """Scores of tokens that were chosen and not reported yet. (No __init__: each runner has its own arguments.)"""
        return cast(dict[str, deque[Score]], self.__dict__.setdefault("kept_scores", {}))

    @property
    def _cached(self) -> dict[str, int]:
        """After how many tokens the first work of each request began."""
        return cast(dict[str, int], self.__dict__.setdefault("kept_cached", {}))


def scores(logits: mx.array, tokens: Sequence[int], top: int) -> list[Score]:
    """The score of each row's token, with the `top` most likely tokens, the likeliest first; equal ones by number.

    logits: (n, V); tokens: n of them.
    """
    logprobs = logits.astype(mx.float32)
    logprobs = logprobs - mx.logsumexp(logprobs, axis=-1, keepdims=True)
    own = cast(list[list[float]], mx.take_along_axis(logprobs, mx.array([*tokens])[:, None], axis=-1).tolist())
    found = []
    for number, token in enumerate(tokens):
        best: list[tuple[int, float]] = []
        if top:
            order = cast(list[int], mx.argpartition(-logprobs[number], top - 1)[:top].tolist())
            values = cast(list[float], logprobs[number][mx.array(order)].tolist())
            best = sorted(zip(order, values, strict=True), key=lambda pair: (-pair[1], pair[0]))
        found.append(Score(token, own[number][0], tuple(best)))
    return found
