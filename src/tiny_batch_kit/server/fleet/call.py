"""A request's way through the fleet, and what becomes of it when its replica dies."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from tiny_batch_kit.course import implementations
from tiny_batch_kit.server.fleet.desk import Desk, Lost
from tiny_batch_kit.server.fleet.replica import Message
from tiny_batch_kit.server.watch import TAIL

Send = Callable[..., Any]
"""Ray's handle of the replicas' method `answer`: called, it returns an async iterator of messages with `cancel`."""

DEAD = ("ActorDiedError", "ActorUnavailableError")
"""What Ray calls a replica that is not there any more."""


class Broken(RuntimeError):
    """A replica says that it could not go on with a request."""


class Call:
    """A request that is sent, sent again while nothing of an answer was shown, and comes to one end.

    name: its own. prompt, limit: how many tokens it has, and may get. made, tail: what was shown so far.
    """

    def __init__(self, desk: Desk, send: Send, name: str, prompt: int, limit: int) -> None:
        """send: see Send. The desk knows of the request already."""
        self._desk, self._send, self.name = desk, send, name
        self._refusals = implementations.load("refusals")
        self._response: Any = None
        self._cut: Exception | None = None
        self.prompt, self.limit, self.made, self.tail, self.finish = prompt, limit, 0, "", ""
        self.began, self.first = time.monotonic(), 0.0
        self.over = False

    async def messages(self, *asked: Any) -> AsyncIterator[Message]:
        """What a replica says, "taken" once and first. What shows nothing is kept until something does.

        asked: what the replica needs to know. Raises the student's Refusal if a replica refuses, and their EngineFailed
        if it fails and there is no further try.
        """
        attempt, told = 0, False
        try:
            while True:
                try:
                    self._response = self._send(self.name, attempt, *asked)
                    async for message in self._said(self._response):
                        if message[0] != "taken":
                            yield message
                        elif not told:
                            told = True
                            yield message
                    return
                except self._refusals.Refusal:
                    raise
                except asyncio.CancelledError:  # ours, or that of Ray's call
                    raise self._cut or asyncio.CancelledError from None
                except Exception as error:  # Ray has many words for a replica that is not there any more
                    if self._cut is not None:
                        raise self._cut from None
                    if not self._desk.failed(self.name):
                        self.over = True
                        raise self._gave_up(error) from (None if _is_expected(error) else error)
                    attempt += 1
        finally:
            self.leave()

    async def _said(self, response: Any) -> AsyncIterator[Message]:
        held: list[Message] = []
        async for kind, data in response:
            if kind == "broken":
                raise Broken(data["message"])
            if kind == "refused":
                raise self._refusals.Refusal(data.pop("status"), data.pop("message"), **data)
            if kind == "taken":
                yield kind, data
            elif kind == "chunk" and shows_nothing(data):
                held.append((kind, data))
            else:
                self._note(kind, data)
                for message in (*held, (kind, data)):
                    yield message
                held.clear()
                if kind != "chunk":
                    self.over = True
                    self._desk.ended(self.name)
                    return
        raise Broken("its replica has stopped in the middle")

    def _note(self, kind: str, data: Any) -> None:
        if not self.made and kind != "end":
            self.first = time.monotonic()
            self._desk.shown(self.name)
        if kind == "whole":
            self.made, self.finish = data["usage"]["completion_tokens"], data["choices"][0]["finish_reason"]
        for choice in data["choices"] if kind == "chunk" else ():
            self.made += 1
            self.tail = (self.tail + text_of(choice))[-TAIL:]
            self.finish = choice["finish_reason"] or self.finish

    def _gave_up(self, error: Exception) -> Exception:
        died = "its replica has died" if _is_expected(error) else "the way to its replica broke"
        why = str(error) if isinstance(error, Broken | Lost) else died
        found: Exception = self._refusals.EngineFailed(f"this request has no whole answer: {why}")
        return found

    def cut(self, error: Exception) -> None:
        """End it with an error, wherever it is."""
        self._cut = error
        if self._response is not None:
            self._response.cancel()

    def leave(self) -> None:
        """Nobody reads on. What has come to its end does not mind."""
        if not self.over:
            self.over = True
            if self._response is not None:
                self._response.cancel()
            self._desk.left(self.name)

    @property
    def where(self) -> str | None:
        """Which replica has it."""
        return self._desk.where(self.name)


def _is_expected(error: Exception) -> bool:
    """Whether the log needs no more of it than what the caller is told. By name: this module does without Ray."""
    return isinstance(error, Broken | Lost) or type(error).__name__ in DEAD


def text_of(choice: Any) -> str:
    """The text of a chunk's choice, of a chat or of a completion."""
    text: str = choice.get("text") or choice.get("delta", {}).get("content") or ""
    return text


def shows_nothing(chunk: Any) -> bool:
    """Whether a reader learns nothing of an answer from this chunk: it only says who speaks."""
    return bool(chunk["choices"]) and all(
        choice["finish_reason"] is None and not text_of(choice) for choice in chunk["choices"]
    )
