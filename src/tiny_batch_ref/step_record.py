"""Day 14: what a step did, and the room that it had: read from its rows and its scheduler, which stay as they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tiny_batch_kit.timeline.events import Kind
from tiny_batch_kit.timeline.recorder import RowWork

from .plan import Scheduler


@dataclass(frozen=True)
class StepRecord:
    """One step, after it has run and before its tokens were handed out.

    rows: what each slot did. running: how many requests had a slot, with a row or without. waiting: how many were still
    in the queue while it ran. budget: how many tokens it might have had. memory, room: tokens that are held, and that
    may be. found: tokens that a prefix cache had already, and that were not computed. again: tokens of PREFILL rows
    that had been computed before, until their request was sent back. caching: whether there is a prefix cache at all.
    """

    rows: tuple[RowWork, ...]
    slots: int
    budget: int
    running: int = 0
    waiting: int = 0
    memory: int = 0
    room: int = 1
    found: int = 0
    again: int = 0
    caching: bool = False

    @property
    def computed(self) -> int:
        """How many tokens went through the model: those of all rows but IDLE ones."""
        return sum(row.tokens for row in self.rows if row.kind is not Kind.IDLE)


class StepReader:
    """Makes records of an engine's steps. Remembers two numbers for each request that has not ended."""

    def __init__(self, scheduler: Scheduler) -> None:
        """scheduler: the engine's. It is only read."""
        self._scheduler = scheduler
        self._caching = hasattr(scheduler, "cache") or hasattr(scheduler, "allocator")
        self._stood: dict[str, int] = {}  # how many tokens each running request had computed when its last step ended
        self._most: dict[str, int] = {}  # and how many at most, ever

    def read(self, rows: Sequence[RowWork]) -> StepRecord:
        """The record of the step that has just been committed. rows: what `on_step` is told of it."""
        found = again = 0
        for row in rows:
            request = self._scheduler.running.get(row.request or "")
            if request is None:
                continue
            stop, known = request.num_computed_tokens, request.id in self._stood
            start, most = stop - row.tokens, self._most.get(request.id, 0)
            if row.kind is Kind.PREFILL or not known:
                found += max(0, start - self._stood.get(request.id, 0))
            if row.kind is Kind.PREFILL:
                again += max(0, min(stop, most) - start)
            self._stood[request.id], self._most[request.id] = stop, max(stop, most)
        serving = self._scheduler
        return StepRecord(
            tuple(rows),
            serving.max_running,
            serving.max_batched_tokens,
            len(serving.running),
            len(serving.waiting),
            serving.memory_used,
            serving.max_memory_tokens,
            found,
            again,
            self._caching,
        )

    def sent_back(self, request_id: str) -> None:
        """A request has lost what it had computed; unless the same plan has admitted it again: then it was read."""
        if request_id not in self._scheduler.running:
            self._stood.pop(request_id, None)

    def ended(self, request_id: str) -> None:
        """Forget a request."""
        self._stood.pop(request_id, None)
        self._most.pop(request_id, None)
