"""uvicorn's HTTP/1.1, with an end to patience: for headers that don't come, and for answers that nobody reads."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol


class ImpatientProtocol(H11Protocol):
    """Cuts a connection that sends no whole header, or that has taken nothing of its answer, for too long."""

    header_seconds = 15.0
    unread_seconds = 20.0
    unread_bytes = 16 << 10  # of what is written and not taken, before who writes waits

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._header: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The header is awaited."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=self.unread_bytes)
        self._await_header()

    def data_received(self, data: bytes) -> None:
        """The header goes on, or is here."""
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._header = _cancelled(self._header)
        elif self.timeout_keep_alive_task is None:
            self._await_header()

    def pause_writing(self) -> None:
        """The client's side is full."""
        super().pause_writing()
        self._unread = self._unread or self.loop.call_later(self.unread_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """The client reads again."""
        super().resume_writing()
        self._unread = _cancelled(self._unread)

    def on_response_complete(self) -> None:
        """What is still to be taken of an answer must be taken, too."""
        super().on_response_complete()
        if self.transport.get_write_buffer_size() and self._unread is None:
            self._unread = self.loop.call_later(self.unread_seconds, self._cut_unless_read)

    def _cut_unless_read(self) -> None:
        self._unread = None
        if self.transport.get_write_buffer_size():
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is awaited any more."""
        self._header, self._unread = _cancelled(self._header), _cancelled(self._unread)
        super().connection_lost(exc)

    def _await_header(self) -> None:
        if self._header is None and not self.transport.is_closing():
            self._header = self.loop.call_later(self.header_seconds, self.transport.abort)


def _cancelled(timer: asyncio.TimerHandle | None) -> asyncio.TimerHandle | None:
    """Cancel a timer, if there is one. Returns what stands in its place: none."""
    if timer is not None:
        timer.cancel()
    return None
