"""Day 13: a small model guesses for a large one. It has a cache of its own, and takes back what did not come true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import mlx.core as mx
import numpy as np

from .acceptance import guesses_of
from .plan import StepPlan, Work, tokens_between
from .policies import length
from .proposers import came_true
from .rejection import Array, draw, probabilities, three_draws
from .request import Request
from .runner import MlxRunner, Runner
from .slots import SlotManager


@dataclass
class Seen:
    """What the draft's cache holds of a request: `computed` of its tokens, and after them guesses that were fed to it.

    The last guess of a call never was.
    """

    slot: int
    computed: int = 0
    guessed: list[int] = field(default_factory=list)


class DraftModel:
    """A Proposer: a model with the same vocabulary guesses one token after the other, for all rows at once.

    Any Runner will do, with slots for `max_running` requests; a request that finds none free goes without guesses. Each
    guess is chosen as the request's own tokens are, with the same seed at the same position: so a draft with the same
    probabilities draws the same tokens.
    """

    def __init__(self, runner: Runner, *, max_running: int, max_batched_tokens: int = 256) -> None:
        """max_batched_tokens: how many tokens the draft may read in a call, before it guesses.

        Raises ValueError if `max_running` is below 1, or `max_batched_tokens` below that.
        """
        if max_running < 1 or max_batched_tokens < max_running:
            raise ValueError(
                f"max_running {max_running}, max_batched_tokens {max_batched_tokens}: give at least 1 row, and at "
                "least as many tokens as rows"
            )
        self.runner, self.max_batched_tokens = runner, max_batched_tokens
        self._slots = SlotManager(max_running)
        self._seen: dict[str, Seen] = {}

    def propose(self, requests: Sequence[Request], most: Sequence[int]) -> Sequence[Sequence[int]]:
        """See Proposer. The first pass reads what is missing, the next ones one guess each.

        A request that wants no guess is not read either. The others are read in order while tokens last; one that could
        not be read completely has no guesses this time, and goes on from there next time.
        """
        raise NotImplementedError("Task 13.5: DraftModel.propose: see book/src/day-13.md")

    def _catch_up(self, requests: Sequence[Request]) -> list[Work]:
        """What the draft must read of each request before it can guess, in order, `max_batched_tokens` in all.

        Guesses that came true have been read already; after them it reads again. The last token is always missing: the
        first guess comes from it. Notes in `_seen` what will be computed.
        """
        raise NotImplementedError("Task 13.5: DraftModel._catch_up: see book/src/day-13.md")

    def _row(self, request: Request) -> Seen | None:
        """What is known of a request, with a slot of its own; None if it has none, and none is free."""
        if request.id not in self._seen:
            slot = self._slots.allocate_slot(request.id)
            if slot is None:
                return None
            self._seen[request.id] = Seen(slot)
        return self._seen[request.id]

    def forget(self, request_id: str) -> None:
        """See Proposer: its slot is free."""
        if request_id in self._seen:
            del self._seen[request_id]
            self._slots.free_slot(request_id)


class DrawingRunner(MlxRunner):
    """A draft's runner for Rejection: it draws each guess, and remembers from what."""

    def __init__(self, *args: Any, **options: Any) -> None:
        """What MlxRunner takes."""
        super().__init__(*args, **options)
        self._in_slot: dict[int, str] = {}
        self._drawn_from: dict[str, dict[int, Array]] = {}  # for each request in a slot: a place, and its probabilities

    def choose(self, logits: mx.array, wanting: Sequence[Work]) -> Mapping[str, Sequence[int]]:
        """See MlxRunner.choose: a row's token is drawn with the first of its `three_draws`."""
        found: dict[str, list[int]] = {}
        shares = probabilities(logits, [work.sampling for work in wanting])
        for row, work in zip(shares, wanting, strict=True):
            place = work.start + len(work.tokens)
            self._of(work)[place] = row
            found[work.request_id] = [draw(row, three_draws(work.sampling.seed, place)[0])]
        return found

    def said(self, work: Work) -> Array | None:
        """The probabilities with which a work's guesses were drawn: see Said. They are forgotten with that."""
        guesses = guesses_of(work)
        stop = work.start + len(work.tokens)
        drawn_from = self._drawn_from.get(work.request_id, {})
        found = [drawn_from[place] for place in range(stop - len(guesses), stop)]
        drawn_from.clear()  # those too that were cut
        return np.stack(found) if found else None

    def _of(self, work: Work) -> dict[int, Array]:
        """What is remembered of a work's request; nothing is of the one that had its slot before."""
        if self._in_slot.get(work.slot) != work.request_id:
            self._in_slot = {slot: name for slot, name in self._in_slot.items() if name != work.request_id}
            self._drawn_from.pop(self._in_slot.get(work.slot, ""), None)
            self._in_slot[work.slot] = work.request_id
            self._drawn_from[work.request_id] = {}
        return self._drawn_from[work.request_id]
