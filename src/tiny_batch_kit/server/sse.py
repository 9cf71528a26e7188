"""Server-sent events: how an answer streams."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, MutableMapping
from typing import Any

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

DONE = b"data: [DONE]\n\n"


def event(data: object) -> bytes:
    """One event with some JSON in it; everything that is not ASCII is escaped, so that no line can break."""
    return b"data: " + json.dumps(data, separators=(",", ":")).encode() + b"\n\n"


class EventResponse(StreamingResponse):
    """A stream of events. `leave` is called when it is over, however that came."""

    def __init__(self, chunks: AsyncIterator[bytes], leave: Callable[[], None]) -> None:
        super().__init__(chunks, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
        self._leave = leave

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._leave()


async def lines(
    chunks: AsyncIterator[MutableMapping[str, Any]], told: Callable[[Exception], MutableMapping[str, Any]]
) -> AsyncIterator[bytes]:
    """The chunks of an answer as events, and [DONE]; an error on the way is the last event, without [DONE]."""
    try:
        async for chunk in chunks:
            yield event(chunk)
    except Exception as error:
        yield event(told(error))
    else:
        yield DONE
