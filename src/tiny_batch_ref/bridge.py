"""Day 15: the event loop's end of the bridge: streams for callers, messages for the engine's thread."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

from .engine import Event, FinishedEvent
from .engine_thread import Answered, Cancel, Died, Message, Report, Stepped, Stop, Submit, Tell
from .request import Request
from .stream import EventStream


class EngineDown(RuntimeError):
    """There is no engine that could answer: its thread has died, or hangs and was given up."""


class ShuttingDown(RuntimeError):
    """The server is about to end, and takes no more requests."""


class Worker(Protocol):
    """What owns the engine: see EngineThread."""

    busy_since: float | None
    steps: int

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        ...

    def start(self, tell: Tell) -> None:
        """Run, and tell what happens, on a thread of its own."""
        ...

    def send(self, message: Message) -> None:
        """Have a message carried out before the next step. Returns at once."""
        ...


class Bridge:
    """Everything here happens on one event loop; what the engine's thread tells is called on that loop, too."""

    def __init__(self, worker: Worker, *, bound: int = 256) -> None:
        """bound: how many events of a request may lie unread."""
        self.worker, self.bound = worker, bound
        self.down: Exception | None = None  # why no request is taken any more
        self._streams: dict[str, EventStream[Event]] = {}  # of the requests that somebody waits for
        self._accepted: dict[str, asyncio.Future[None]] = {}  # whose `submit` has no answer yet
        self._quiet = asyncio.Event()
        self._quiet.set()

    def start(self) -> None:
        """Start the engine's thread, and have its reports heard on the loop that runs now."""
        loop = asyncio.get_running_loop()

        def tell(report: Report) -> None:
            with suppress(RuntimeError):  # a loop that is closed wants to hear nothing
                loop.call_soon_threadsafe(self._hear, report)

        self.worker.start(tell)

    @property
    def open(self) -> int:
        """How many requests a caller waits for."""
        return len(self._streams)

    async def quiet(self) -> None:
        """Returns as soon as no caller waits for any request."""
        await self._quiet.wait()

    async def submit(self, request: Request) -> EventStream[Event]:
        """The stream of a request's events, as soon as the engine has taken it. No id may ever be used twice.

        Raises what the engine refused it with, or `down` if requests are no longer taken. A caller that is cancelled
        while it waits for the answer has left: see `cancel`.
        """
        # task 15.3 begin
        if self.down is not None:
            raise self.down
        stream = self._streams[request.id] = EventStream[Event](self.bound)
        accepted = self._accepted[request.id] = asyncio.get_running_loop().create_future()
        self._quiet.clear()
        self.worker.send(Submit(request))
        try:
            await accepted
        except asyncio.CancelledError:
            self.cancel(request.id)
            raise
        except Exception:
            self._forget(request.id)
            raise
        return stream
        # task 15.3 end

    def cancel(self, request_id: str) -> None:
        """Nobody waits for a request any more: it is forgotten here, and its stream ended; the engine is told.

        A call of `submit` that still waits for its answer is cancelled. Nothing is done for a request that is not open:
        one that has ended, or that there never was.
        """
        # task 15.3 begin
        if request_id in self._streams:
            self._streams[request_id].end()
            if request_id in self._accepted:
                self._accepted[request_id].cancel()
            self._forget(request_id)
            self.worker.send(Cancel(request_id))
        # task 15.3 end

    def close(self, error: Exception) -> None:
        """Take no more requests, and end all that are open with `error`: streams, and calls of `submit` that wait.

        `down` is the error from now on. The thread is told to stop, and not waited for: it may hang. A bridge that is
        closed stays as it is.
        """
        # task 15.3 begin
        if self.down is not None:
            return
        self.down = error
        for request_id in list(self._streams):
            self._answered(request_id, error)
            self._streams[request_id].end(error)
            self._forget(request_id)
        self.worker.send(Stop())
        # task 15.3 end

    def _hear(self, report: Report) -> None:
        """A report of the engine's thread."""
        if isinstance(report, Answered):
            self._answered(report.request_id, report.error)
        elif isinstance(report, Stepped):
            self._deliver(report.events)
        elif isinstance(report, Died):
            cause = f"{type(report.error).__name__}: {report.error}"
            self.close(EngineDown(f"the engine's thread has died of {cause}"))

    def _answered(self, request_id: str, error: Exception | None) -> None:
        """The engine has taken a request, or refused it with `error`: the call of `submit` that waits for it goes on.

        Perhaps there is none any more.
        """
        # task 15.3 begin
        accepted = self._accepted.pop(request_id, None)
        if accepted is None or accepted.done():
            return
        if error is None:
            accepted.set_result(None)
        else:
            accepted.set_exception(error)
        # task 15.3 end

    def _deliver(self, events: Sequence[Event]) -> None:
        """Put events into the streams of their requests; what nobody waits for is dropped.

        After its FinishedEvent, a stream ends, and the request is forgotten. A request whose reader has been cut off is
        cancelled; all others get their events.
        """
        # task 15.3 begin
        for event in events:
            stream = self._streams.get(event.request_id)
            if stream is None:
                continue
            if not stream.put(event):
                self.cancel(event.request_id)
            elif isinstance(event, FinishedEvent):
                stream.end()
                self._forget(event.request_id)
        # task 15.3 end

    def _forget(self, request_id: str) -> None:
        """A request is no longer open; if none is, `quiet` has waited long enough."""
        self._streams.pop(request_id, None)
        self._accepted.pop(request_id, None)
        if not self._streams:
            self._quiet.set()
