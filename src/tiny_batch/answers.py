"""Day 15: from the events of one or several requests to one answer, whole or in chunks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from tiny_batch_kit.server.wire import Wire, usage

from .engine import Event, FinishedEvent, TokenEvent
from .logprobs import Ended, Score, ScoredToken
from .refusals import EngineFailed
from .request import FinishReason, Request
from .stream import EventStream

FINISH: Mapping[FinishReason, str] = {
    FinishReason.EOS: "stop",
    FinishReason.STOP: "stop",
    FinishReason.LENGTH: "length",
}
"""OpenAI's words for the ends of an answer that is whole."""


class Engines(Protocol):
    """What takes requests: see Life."""

    async def submit(self, request: Request) -> EventStream[Event]:
        """The stream of a request's events, once it is taken."""
        ...

    def cancel(self, request_id: str) -> None:
        """Nobody waits for a request any more."""
        ...


@dataclass
class Choice:
    """What has arrived of one choice so far. finish: in OpenAI's words, None until its end has come."""

    text: str = ""
    tokens: int = 0
    scores: list[Score] = field(default_factory=list)
    finish: str | None = None
    cached: int = 0

    def take(self, event: Event) -> tuple[str, list[Score]]:
        """Note an event; returns the text and the scores that are new with it.

        A FinishedEvent may bring text, too. Raises EngineFailed with the event's error if it says that the request
        ended for any reason that is not one of FINISH.
        """
        raise NotImplementedError("Task 15.6: Choice.take: see book/src/day-15.md")


class Answer:
    """One answer, of one or several choices, while it comes. Take it whole or in chunks, once."""

    def __init__(
        self,
        engines: Engines,
        wire: Wire,
        requests: Sequence[Request],
        streams: Sequence[EventStream[Event]],
        include_usage: bool,
    ) -> None:
        self._engines, self._wire, self._requests, self._streams = engines, wire, requests, streams
        self._include_usage = include_usage
        self.choices = [Choice() for _ in requests]

    def leave(self) -> None:
        """The caller has left: cancel all requests. Those that have ended stay as they are."""
        for request in self._requests:
            self._engines.cancel(request.id)

    async def whole(self) -> dict[str, Any]:
        """The answer when all of its choices have ended, in their order, and the usage.

        However it is left, by an error or because its caller was cancelled, no request stays in the engine. Raises what
        the streams and `Choice.take` raise, and EngineFailed if a stream ends without a FinishedEvent: half an answer
        is no answer.
        """
        raise NotImplementedError("Task 15.6: Answer.whole: see book/src/day-15.md")

    async def chunks(self) -> AsyncIterator[dict[str, Any]]:
        """The answer in chunks: each choice's opening, if it has one; what each event brings; the usage, if wanted.

        An event that brings neither text nor scores nor an end makes no chunk. The end of a choice stands in its last
        chunk. Leaves no request in the engine, and raises, as `whole` does. Between two chunks, no stream is read more
        than one event ahead: see `merged`.
        """
        raise NotImplementedError("Task 15.6: Answer.chunks: see book/src/day-15.md")

    def usage(self) -> dict[str, Any]:
        """Tokens of the prompt, once for all choices; of all answers; and those of the prompt that were cached.

        Choices are samples of the first, and share its prompt's pages: what the first has found is what counts.
        """
        raise NotImplementedError("Task 15.6: Answer.usage: see book/src/day-15.md")

    def _see_that_all_have_ended(self) -> None:
        """Raises EngineFailed if some choice's stream has ended before the choice has."""
        if any(choice.finish is None for choice in self.choices):
            raise EngineFailed("the engine stopped before this answer was whole")


async def merged(streams: Sequence[EventStream[Event]]) -> AsyncIterator[tuple[int, Event]]:
    """The events of all streams as they come, each with its stream's number, until all have ended.

    Each stream's events stay in order. From each stream, no more than one event is taken before it is asked for: what
    is not read must pile up in the streams, where it is counted. Raises what a stream raises.
    """
    raise NotImplementedError("Task 15.6: merged: see book/src/day-15.md")


async def _next(stream: EventStream[Event]) -> Event | None:
    """The next event of a stream; None when there are no more."""
    return await anext(stream, None)
