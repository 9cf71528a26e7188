"""Day 3: dynamic batching. Requests are gathered until a batch is full, or the oldest has waited enough."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

Request = TypeVar("Request")
Result = TypeVar("Result")


class BatcherClosed(RuntimeError):
    """The batcher is closed, and takes no more requests."""


class WrongCount(ValueError):
    """`run_batch` returned more or fewer results than it was given requests, so nobody knows whose they are."""


@dataclass(eq=False)
class Ticket(Generic[Request, Result]):
    """A request in the queue: when it got its place there (seconds on the loop's clock), and its caller's future."""

    request: Request
    arrived: float
    answer: asyncio.Future[Result]


class DynamicBatcher(Generic[Request, Result]):
    """Gathers requests into batches and runs one batch after another, each caller waiting for its own answer.

    A batch starts as soon as no other runs and either `max_batch_size` requests wait (it is full), or the oldest of
    them has waited `max_wait_ms` (it is due). It takes the oldest requests, at most `max_batch_size`.
    """

    def __init__(
        self,
        run_batch: Callable[[list[Request]], Awaitable[Sequence[Result]]],
        max_batch_size: int,
        max_wait_ms: float,
        *,
        max_queue: int | None = None,
        batch_timeout_ms: float | None = None,
    ) -> None:
        """Set the limits; nothing runs yet.

        run_batch: takes the requests of a batch and returns their results in the same order.
        max_queue: how many requests may wait in the queue; None: any number. batch_timeout_ms: how long a batch may
        run; None: forever. Raises ValueError for a limit that lets nothing through.
        """
        if max_batch_size < 1 or max_wait_ms < 0 or (max_queue is not None and max_queue < 1):
            raise ValueError(
                f"max_batch_size {max_batch_size}, max_wait_ms {max_wait_ms}, max_queue {max_queue}: "
                "give at least 1, 0 and 1"
            )
        if batch_timeout_ms is not None and batch_timeout_ms <= 0:
            raise ValueError(f"batch_timeout_ms is {batch_timeout_ms}: give more than 0, or None for no limit")
        self.run_batch = run_batch
        self.max_batch_size = max_batch_size
        self.max_wait = max_wait_ms / 1000
        self.batch_timeout = None if batch_timeout_ms is None else batch_timeout_ms / 1000
        self._queue: dict[Ticket[Request, Result], None] = {}  # in order of arrival; a dict, so that anybody can leave
        self._room = asyncio.Semaphore(max_queue if max_queue is not None else 2**63)
        self._news = asyncio.Event()  # set when somebody came or left, or the batcher closes
        self._callers = 0  # inside submit, queued or not
        self._closing = False
        self._worker: asyncio.Task[None] | None = None

    async def submit(self, request: Request) -> Result:
        """The result of `request`, once a batch that holds it has run.

        The first call starts the worker. While the queue is full, waits for room, first come first served. A caller
        that is cancelled leaves the queue; if its batch already runs, it just stops waiting. Raises what `run_batch`
        raised for this batch, WrongCount if it returned a different number of results, TimeoutError if it took too
        long, BatcherClosed after `close`.
        """
        raise NotImplementedError("Task 3.1: DynamicBatcher.submit: see book/src/day-03.md")

    async def close(self) -> None:
        """Refuse new requests, run what is queued without further waiting, and return when every caller is answered.

        Every caller already inside `submit` is served, even one that still waits for room. May be called more than
        once; a caller that gives up waiting for it harms no other.
        """
        raise NotImplementedError("Task 3.2: DynamicBatcher.close: see book/src/day-03.md")

    async def _serve(self) -> None:
        """The one worker: waits until a batch is due, takes it from the queue and answers it, again and again.

        Returns when the batcher is closed and no caller waits any more.
        """
        raise NotImplementedError("Task 3.1: DynamicBatcher._serve: see book/src/day-03.md")

    def _is_due(self) -> bool:
        """Whether a batch should start now: it is full, its oldest request has waited enough, or the batcher closes."""
        raise NotImplementedError("Task 3.1: DynamicBatcher._is_due: see book/src/day-03.md")

    async def _answer(self, batch: list[Ticket[Request, Result]]) -> None:
        """Run one batch for at most `batch_timeout` seconds, and give every caller that still waits its result.

        Whatever goes wrong is raised for the callers of this batch, and for no others.
        """
        raise NotImplementedError("Task 3.1: DynamicBatcher._answer: see book/src/day-03.md")

    def _take(self, ticket: Ticket[Request, Result]) -> None:
        """Take a request out of the queue, if it is still there, which makes room for another."""
        if ticket in self._queue:
            del self._queue[ticket]
            self._room.release()
