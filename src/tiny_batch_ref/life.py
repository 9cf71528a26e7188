"""Day 15: the life of a server: whether it is well, what happens if it is not, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from tiny_batch_kit.machine.clocks import Clock, WallClock

from .bridge import Bridge, EngineDown, ShuttingDown
from .engine import Event
from .request import Request
from .stream import EventStream


@dataclass(frozen=True)
class Health:
    """Whether requests are answered here, and why not. restarts: how many engines have been replaced so far."""

    ok: bool
    why: str
    restarts: int


class Life:
    """Holds the bridge that serves now, replaces it when its engine has died or hangs, and ends it all in order."""

    def __init__(
        self,
        make: Callable[[], Bridge],
        *,
        stuck_after: float = 10.0,
        max_restarts: int = 3,
        clock: Clock | None = None,
    ) -> None:
        """make: a new bridge with a new engine, not started yet.

        stuck_after: seconds after which a step will never end. max_restarts: how many tries to replace an engine
        there are in a row, without one that works. clock: the one that the bridges' workers read.
        """
        self._make, self.stuck_after, self.max_restarts = make, stuck_after, max_restarts
        self._clock = clock or WallClock()
        self.restarts = 0
        self._tries = 0  # to replace an engine, since one was seen to be well and to have ended a step
        self._draining = False
        self._ended = False
        self.bridge = make()

    def start(self) -> None:
        """Start the first bridge. Call it on the event loop."""
        self.bridge.start()

    async def submit(self, request: Request) -> EventStream[Event]:
        """See Bridge.submit. Raises ShuttingDown once `drain` or `end` has been called."""
        if self._draining or self._ended:
            raise ShuttingDown("the server is about to end, and takes no more requests")
        return await self.bridge.submit(request)

    def cancel(self, request_id: str) -> None:
        """See Bridge.cancel."""
        self.bridge.cancel(request_id)

    def problem(self) -> str | None:
        """What is wrong with the current engine, in words; None if nothing is.

        If its bridge is `down`, that error's text. If its worker is not alive, that its thread is dead. If a step has
        been running for more than `stuck_after` seconds, that it hangs, and for how long. A worker that waits for work
        is well, however long it waits.
        """
        # task 15.5 begin
        worker = self.bridge.worker
        if self.bridge.down is not None:
            return str(self.bridge.down)
        if not worker.is_alive:
            return "the engine's thread is dead"
        since = worker.busy_since
        if since is not None and self._clock.now() - since > self.stuck_after:
            return f"the engine hangs: a step has been running for {self._clock.now() - since:.1f} s"
        return None
        # task 15.5 end

    def health(self) -> Health:
        """The truth: ok only if a request that comes now is taken, by an engine that is well.

        why: that the server is about to end, if `drain` or `end` was called; else the problem; else "ok".
        """
        # task 15.5 begin
        ending = self._draining or self._ended
        why = "the server is about to end" if ending else self.problem()
        return Health(why is None, why or "ok", self.restarts)
        # task 15.5 end

    def look(self) -> None:
        """If there is a problem, close the bridge with an EngineDown that says so, and try to put a new one in place.

        A try that succeeds is a restart: `make` returned, and the new bridge is started. If `make` raises, the next
        look tries again. After `max_restarts` tries in a row, there are no more: the problem stays, and is told. The
        row ends when a look finds nothing wrong, and an engine that has ended a step. Once the server is about to end,
        nothing is done.
        """
        # task 15.5 begin
        problem = self.problem()
        if problem is None:
            if self.bridge.worker.steps > 0:
                self._tries = 0
            return
        if self._draining or self._ended:
            return
        self.bridge.close(EngineDown(problem))
        if self._tries == self.max_restarts:
            return
        self._tries += 1
        try:
            bridge = self._make()
            bridge.start()
        except Exception:  # the problem is still there, and the next look finds it
            return
        self.bridge = bridge
        self.restarts += 1
        # task 15.5 end

    async def watch(self, every: float = 0.5) -> None:
        """Look every `every` seconds, forever."""
        while True:
            await asyncio.sleep(every)
            self.look()

    async def drain(self, seconds: float) -> None:
        """Take no more requests, let those that are open come to their end, but only for so long; then `end`.

        Returns when that is done. A second call does not wait: it ends at once, and so the first one does, too.
        """
        # task 15.5 begin
        if not self._draining:
            self._draining = True
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self.bridge.quiet()
        self.end()
        # task 15.5 end

    def end(self) -> None:
        """Close the bridge: requests that are still in it get ShuttingDown."""
        # task 15.5 begin
        self._ended = True
        self.bridge.close(ShuttingDown("the server has ended before this answer had"))
        # task 15.5 end
