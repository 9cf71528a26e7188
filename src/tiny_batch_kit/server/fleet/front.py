"""What stands where Day 15 has an engine: a service whose answers come from replicas, its life, and its numbers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from secrets import token_hex
from types import SimpleNamespace
from typing import Any

from tiny_batch_kit.course import implementations
from tiny_batch_kit.model.tokenizer import Tokenizer
from tiny_batch_kit.server.build import BLOCK_SIZE
from tiny_batch_kit.server.fleet.call import Call, Send
from tiny_batch_kit.server.fleet.desk import Desk
from tiny_batch_kit.server.fleet.replica import Message
from tiny_batch_kit.server.schemas import ChatBody, CompletionBody
from tiny_batch_kit.server.watch import State, Watch

SHOWN = 64
"""So many requests are shown on the page."""


class FleetAnswer:
    """As Day 15's Answer: take it whole or in chunks, once."""

    def __init__(self, call: Call, messages: AsyncIterator[Message], forget: Callable[[Call], None]) -> None:
        """forget: is told when it is over."""
        self._call, self._messages, self._forget = call, messages, forget

    async def whole(self) -> Any:
        """The whole answer."""
        try:
            async for kind, data in self._messages:
                if kind == "whole":
                    return data
        finally:
            self.leave()

    async def chunks(self) -> AsyncIterator[Any]:
        """The answer in chunks."""
        try:
            async for kind, data in self._messages:
                if kind == "chunk":
                    yield data
        finally:
            self.leave()

    def leave(self) -> None:
        """Nobody reads on."""
        self._call.leave()
        self._forget(self._call)


class FleetService:
    """As Day 15's Service, with replicas in place of an engine."""

    def __init__(self, desk: Desk, send: Send, tokenizer: Tokenizer, *, model: str, max_seq_len: int) -> None:
        self.desk, self.tokenizer, self.model, self.max_seq_len = desk, tokenizer, model, max_seq_len
        self._send = send
        self._block_hash = implementations.load("prefix_cache").block_hash
        self._shutting_down = implementations.load("bridge").ShuttingDown
        self.open: dict[str, Call] = {}
        self.ending = False
        self.on_end: Callable[[Call], None] = lambda call: None

    async def begin(self, body: ChatBody | CompletionBody, prompt: list[int]) -> FleetAnswer:
        """The answer to a body whose prompt has these tokens, once a replica has taken it. Raises what it refuses."""
        if self.ending:
            raise self._shutting_down("the fleet is about to end, and takes no more requests")
        room = max(0, self.max_seq_len - len(prompt))
        limit, name = body.choices * min(room, body.limit or room), token_hex(12)
        self.desk.open(name, max(1, len(prompt) + limit), self.prefix(prompt))
        call = self.open[name] = Call(self.desk, self._send, name, len(prompt), max(1, limit))
        messages = call.messages(len(prompt) + limit, body, prompt, not body.stream)
        try:
            await anext(messages)
        except BaseException:
            call.leave()
            self._forget(call)
            raise
        return FleetAnswer(call, messages, self._forget)

    def _forget(self, call: Call) -> None:
        if self.open.pop(call.name, None) is not None:
            self.on_end(call)

    def prefix(self, prompt: list[int]) -> tuple[bytes, ...]:
        """The names of a prompt's whole blocks."""
        names: list[bytes] = []
        for start in range(0, len(prompt) - BLOCK_SIZE + 1, BLOCK_SIZE):
            names.append(self._block_hash(names[-1] if names else b"", prompt[start : start + BLOCK_SIZE], ""))
        return tuple(names)

    def end(self) -> None:
        """Take no more, and tell those who still wait that this is the end."""
        self.ending = True
        for call in list(self.open.values()):
            call.cut(self._shutting_down("the fleet has ended before this answer had"))


class FleetLife:
    """As Day 15's Life: whether requests are answered, and how all comes to an end. Ray looks after the replicas."""

    def __init__(self, service: FleetService, health: Callable[[bool, str], Any]) -> None:
        """health: makes the student's Health, of whether and why."""
        self._service, self._health = service, health

    def start(self) -> None:
        """The replicas run already."""

    def health(self) -> Any:
        """Well while there is a replica, and the end is not near."""
        size = self._service.desk.size
        why = "the fleet is about to end" if self._service.ending else "ok" if size else "there is no replica"
        return self._health(why == "ok", why)

    async def watch(self) -> None:
        """Nothing to do: see FleetLife."""

    async def drain(self, seconds: float) -> None:
        """Take no more requests, wait until those that are open have ended, but only for so long; then `end`."""
        self._service.ending = True
        until = time.monotonic() + seconds
        while self._service.open and time.monotonic() < until:
            await asyncio.sleep(0.02)
        self.end()

    def end(self) -> None:
        """Those who still wait are told so."""
        self._service.end()


class FleetWatch(Watch):
    """The newest state of a fleet, made when somebody looks: in place of slots, the requests that are open."""

    service: FleetService

    def follow(self, service: FleetService) -> None:
        """Watch this service."""
        self.service, service.on_end = service, self._ended

    def look(self) -> State:
        """How it is now. Tokens are those that were shown."""
        calls = list(self.service.open.values())
        running = [call for call in calls if call.made]
        return {
            "slots": [self._row(call) for call in (*running, *(call for call in calls if not call.made))[:SHOWN]],
            "waiting": len(calls) - len(running),
            "running": len(running),
            "tokens": self._tokens + sum(call.made for call in running),
            "steps": 0,
        }

    def _row(self, call: Call) -> dict[str, Any]:
        tail = f"{call.where or ''} · {call.tail}"
        made = call.made
        return {
            "id": call.name,
            "read": call.prompt if made else 0,
            "prompt": call.prompt,
            "made": made,
            "limit": call.limit,
            "tail": tail,
        }

    def _ended(self, call: Call) -> None:
        self._tokens += call.made
        now, first = time.monotonic(), call.first
        times = {
            "queue_time": None,
            "ttft": first - call.began if first else None,
            "tpot": (now - first) / (call.made - 1) if first and call.made > 1 else None,
            "latency": now - call.began,
        }
        self.metrics.ended(SimpleNamespace(reason=SimpleNamespace(value=call.finish or "error"), **times))
        self.metrics.look(self.look())

    async def states(self, every: float = 0.25) -> AsyncIterator[State]:
        """The state now, and then every so many seconds."""
        news = asyncio.Event()
        self._readers.add(news)
        try:
            while not self._closed:
                yield self.look()
                with suppress(TimeoutError):
                    await asyncio.wait_for(news.wait(), every)
        finally:
            self._readers.discard(news)
