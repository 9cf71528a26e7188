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
        # task 3.1 begin
        if self._closing:
            raise BatcherClosed("the batcher is closed: make a new one")
        self._callers += 1
        if self._worker is None:
            self._worker = asyncio.create_task(self._serve())
        try:
            await self._room.acquire()
            loop = asyncio.get_running_loop()
            ticket = Ticket[Request, Result](request, loop.time(), loop.create_future())
            self._queue[ticket] = None
            self._news.set()
            try:
                return await ticket.answer
            finally:
                self._take(ticket)
        finally:
            self._callers -= 1
            self._news.set()
        # task 3.1 end

    async def close(self) -> None:
        """Refuse new requests, run what is queued without further waiting, and return when every caller is answered.

        Every caller already inside `submit` is served, even one that still waits for room. May be called more than
        once; a caller that gives up waiting for it harms no other.
        """
        # task 3.2 begin
        self._closing = True
        self._news.set()
        if self._worker is not None:
            await asyncio.shield(self._worker)
        # task 3.2 end

    async def _serve(self) -> None:
        """The one worker: waits until a batch is due, takes it from the queue and answers it, again and again.

        Returns when the batcher is closed and no caller waits any more.
        """
        # task 3.1 begin
        while not (self._closing and self._callers == 0):
            self._news.clear()
            if self._is_due():
                # A caller cancelled a moment ago may not have left yet, but its answer is already cancelled.
                wanted = (ticket for ticket in self._queue if not ticket.answer.cancelled())
                batch = list(islice(wanted, self.max_batch_size))
                for ticket in batch:
                    self._take(ticket)
                if batch:
                    await self._answer(batch)
                else:
                    await asyncio.sleep(0)  # let those who were cancelled leave
            else:
                oldest = next(iter(self._queue), None)
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(oldest.arrived + self.max_wait if oldest else None):
                        await self._news.wait()
        # task 3.1 end

    def _is_due(self) -> bool:
        """Whether a batch should start now: it is full, its oldest request has waited enough, or the batcher closes."""
        # task 3.1 begin
        if not self._queue:
            return False
        oldest = next(iter(self._queue))
        waited_enough = asyncio.get_running_loop().time() >= oldest.arrived + self.max_wait
        return self._closing or waited_enough or len(self._queue) >= self.max_batch_size
        # task 3.1 end

    async def _answer(self, batch: list[Ticket[Request, Result]]) -> None:
        """Run one batch for at most `batch_timeout` seconds, and give every caller that still waits its result.

        Whatever goes wrong is raised for the callers of this batch, and for no others.
        """
        # task 3.1 begin
        try:
            async with asyncio.timeout(self.batch_timeout):
                results = await self.run_batch([ticket.request for ticket in batch])
            if len(results) != len(batch):
                raise WrongCount(f"run_batch returned {len(results)} results for {len(batch)} requests")
        except Exception as error:
            for ticket in batch:
                if not ticket.answer.done():
                    ticket.answer.set_exception(error)
        else:
            for ticket, result in zip(batch, results, strict=True):
                if not ticket.answer.done():
                    ticket.answer.set_result(result)
        # task 3.1 end

    def _take(self, ticket: Ticket[Request, Result]) -> None:
        """Take a request out of the queue, if it is still there, which makes room for another."""
        if ticket in self._queue:
            del self._queue[ticket]
            self._room.release()
