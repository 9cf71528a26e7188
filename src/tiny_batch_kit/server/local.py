"""A server in this process, on a thread of its own: for experiments and tests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from types import TracebackType
from typing import Any, TypeVar

from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.server.build import Built
from tiny_batch_kit.server.run import SEND_BUFFER, Server, listen

T = TypeVar("T")


class LocalServer:
    """Serves inside of a `with` block, at `url`; behind it, all has ended."""

    def __init__(self, built: Built, *, drain_seconds: float = 5.0, send_buffer: int | None = SEND_BUFFER) -> None:
        """send_buffer: see `listen`."""
        self.built, self._listening = built, listen("127.0.0.1", 0, send_buffer)
        self.port = int(self._listening.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self.server = Server(built.app, built.life, built.watch, drain_seconds=drain_seconds)
        self._started: Future[asyncio.AbstractEventLoop] = Future()
        self._thread = Thread(target=self._run, name="server", daemon=True)

    def __enter__(self) -> LocalServer:
        """Returns when it serves."""
        self._thread.start()
        self._loop = self._started.result(timeout=60)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """Ends it."""
        if self._thread.is_alive():
            for _ in range(2):
                self.stop()
        if not self.join(30):
            raise KitError("the server does not end")

    def stop(self) -> None:
        """As a signal would."""
        self._loop.call_soon_threadsafe(self.server.stop)

    def join(self, seconds: float) -> bool:
        """Whether it has ended within so many seconds."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def ask(self, question: Callable[[], T]) -> T:
        """What a function returns when it is called on the server's loop."""
        answer: Future[T] = Future()

        def asked() -> None:
            try:
                answer.set_result(question())
            except Exception as error:
                answer.set_exception(error)

        self._loop.call_soon_threadsafe(asked)
        return answer.result(timeout=30)

    def _run(self) -> None:
        async def main() -> None:
            serving: asyncio.Task[Any] = asyncio.ensure_future(self.server.serve([self._listening]))
            while not self.server.started and not serving.done():
                await asyncio.sleep(0.01)
            if serving.done():
                self._started.set_exception(serving.exception() or KitError("the server did not start"))
            else:
                self._started.set_result(asyncio.get_running_loop())
            await serving

        asyncio.run(main())
