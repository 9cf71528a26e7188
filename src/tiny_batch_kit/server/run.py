"""Run the server: uvicorn, with ends of our own: the first signal drains, the second ends at once."""

from __future__ import annotations

import asyncio
import socket
from types import FrameType
from typing import Any

import uvicorn

from tiny_batch_kit.server.guard import App
from tiny_batch_kit.server.protocol import ImpatientProtocol
from tiny_batch_kit.server.watch import Watch

MOST_HEADER_BYTES = 16 << 10
FLUSH_SECONDS = 2
SEND_BUFFER = 64 << 10
"""Bytes that the system holds for a client that does not read. Left to itself, Linux takes megabytes."""


class Server(uvicorn.Server):
    """Serves until it is told to end."""

    def __init__(self, app: App, life: Any, watch: Watch, *, drain_seconds: float = 30.0) -> None:
        config = uvicorn.Config(
            app,
            http=ImpatientProtocol,
            ws="none",
            lifespan="on",
            log_level="warning",
            access_log=False,
            server_header=False,
            h11_max_incomplete_event_size=MOST_HEADER_BYTES,
            timeout_graceful_shutdown=FLUSH_SECONDS,
        )
        super().__init__(config)
        self._life, self._watch, self._drain_seconds = life, watch, drain_seconds
        self.forced = False  # whether a second signal has ended it
        self._signals = 0
        self._draining: asyncio.Task[None] | None = None

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve on some sockets that listen."""
        self._loop = asyncio.get_running_loop()
        await super().serve(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal: the first says to come to an end, the second to end."""
        self._loop.call_soon_threadsafe(self.stop)

    def stop(self) -> None:
        """As a signal does; on the loop."""
        self._signals += 1
        if self._signals == 1:
            self._draining = asyncio.ensure_future(self._drain())
        else:
            self.forced = True
            self.config.timeout_graceful_shutdown = 1  # what can be sent now is sent, and nobody is waited for
            self._life.end()
            self._watch.close()
            self.should_exit = True

    async def _drain(self) -> None:
        await self._life.drain(self._drain_seconds)
        self._watch.close()
        self.should_exit = True


def listen(host: str, port: int, send_buffer: int | None = SEND_BUFFER) -> socket.socket:
    """A socket that listens there; port 0 takes any that is free. OSError if that can't be.

    send_buffer: bytes that the system holds for a client that does not read; None: as many as it likes.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if send_buffer is not None:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
    try:
        listening.bind((host, port))
        listening.listen(1024)
    except OSError:
        listening.close()
        raise
    return listening
