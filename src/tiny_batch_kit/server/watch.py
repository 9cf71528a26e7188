"""What the engine does, step by step, for the page and for Prometheus. The engine's thread tells, the loop reads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Any

from tiny_batch_kit.server.metrics import Metrics

TAIL = 60
"""So many characters of an answer's end are shown."""

State = dict[str, Any]


class Watch:
    """The newest state of the engine. Who reads too slowly misses some, and never holds anybody up."""

    def __init__(self, metrics: Metrics, *, most_readers: int = 32) -> None:
        self.metrics, self.most_readers = metrics, most_readers
        self.state: State = {"slots": [], "waiting": 0, "running": 0, "tokens": 0, "steps": 0}
        self._tails: dict[str, str] = {}
        self._tokens = self._steps = 0
        self._readers: set[asyncio.Event] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    def stepped(self, engine: Any, events: Sequence[Any]) -> None:
        """Note a step of an engine, on its thread."""
        self._steps += 1
        for event in events:
            if hasattr(event, "token"):
                self._tokens += 1
                self._tails[event.request_id] = (self._tails.get(event.request_id, "") + event.text)[-TAIL:]
            elif hasattr(event, "reason"):
                self._tails.pop(event.request_id, None)
                self.metrics.ended(event)
        self.state = self._look(engine.scheduler)
        self.metrics.look(self.state)
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed: nobody reads
                self._loop.call_soon_threadsafe(self._wake)

    def began(self, engine: Any) -> None:
        """There is a new engine, and it has not been started: what an old one had is gone."""
        self._tails.clear()
        self.state = self._look(engine.scheduler)
        self.metrics.look(self.state)

    def _look(self, scheduler: Any) -> State:
        slots: list[Any] = [None] * scheduler.max_running
        for request in scheduler.running.values():
            slots[scheduler.slot_of[request.id]] = {
                "id": request.id,
                "read": request.num_computed_tokens,
                "prompt": len(request.prompt),
                "made": len(request.tokens),
                "limit": request.max_tokens,
                "tail": self._tails.get(request.id, ""),
            }
        state = {"slots": slots, "waiting": len(scheduler.waiting), "running": len(scheduler.running)}
        allocator = getattr(scheduler, "allocator", None)
        if allocator is not None:
            used = allocator.num_blocks - allocator.num_available
            state |= {"pages": {"used": used, "total": allocator.num_blocks, "size": allocator.block_size}}
        return {**state, "tokens": self._tokens, "steps": self._steps}

    def _wake(self) -> None:
        for reader in self._readers:
            reader.set()

    async def states(self, every: float = 1.0) -> AsyncIterator[State]:
        """The newest state at once, and then whenever there is a newer one, or after `every` seconds."""
        self._loop = asyncio.get_running_loop()
        news = asyncio.Event()
        self._readers.add(news)
        try:
            while not self._closed:
                yield self.state
                with suppress(TimeoutError):
                    await asyncio.wait_for(news.wait(), every)
                news.clear()
        finally:
            self._readers.discard(news)

    @property
    def is_full(self) -> bool:
        """Whether there are as many readers as may be."""
        return len(self._readers) >= self.most_readers

    def close(self) -> None:
        """All readers come to an end."""
        self._closed = True
        self._wake()
