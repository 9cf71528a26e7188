"""An event loop whose clock is virtual: a sleep costs nothing, and a test of ten minutes takes milliseconds."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

from tiny_batch_kit.base.errors import KitError

T = TypeVar("T")


TICK = 1e-9
"""Seconds that each turn of the loop takes. Without it, rounding could leave a deadline forever a hair ahead."""


class NothingLeft(KitError):
    """Every task waits, and nothing will ever happen: in a real program, a hang."""


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An asyncio loop that never waits: when no task can go on, its clock jumps to the next timer."""

    def __init__(self) -> None:
        """Start at second 0."""
        self._now = 0.0
        super().__init__(_JumpingSelector(self))

    def time(self) -> float:
        """Seconds since the loop was made."""
        return self._now

    def jump(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds


class _JumpingSelector(selectors.DefaultSelector):
    """When asked to wait, it lets the time pass and returns."""

    def __init__(self, loop: VirtualTimeLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What can be read or written now. Raises NothingLeft where a real loop would wait for ever."""
        ready: list[tuple[selectors.SelectorKey, int]] = super().select(0)
        if not ready and timeout is None:
            raise NothingLeft("every coroutine waits, and no timer is set: nobody will ever be woken")
        self._loop.jump(TICK if ready or timeout is None else max(timeout, TICK))
        return ready


def run_virtual(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end in virtual time, and return what it returns.

    Raises NothingLeft if it waits for something that can't happen any more; its cause is then the error that ended
    some task unheard, if there is one: often the worker for which the others wait.
    """
    loop = VirtualTimeLoop()
    tasks: list[asyncio.Task[Any]] = []

    def remember(loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> asyncio.Task[Any]:
        tasks.append(asyncio.Task(coroutine, loop=loop, **options))
        return tasks[-1]

    loop.set_task_factory(remember)
    try:
        return loop.run_until_complete(main)
    except NothingLeft as error:
        raise error from _unheard(tasks)
    finally:
        _end(loop, tasks)


def _unheard(tasks: list[asyncio.Task[Any]]) -> BaseException | None:
    """The error of the first task that ended with one."""
    ended = [task for task in tasks if task.done() and not task.cancelled()]
    return next((error for task in ended if (error := task.exception()) is not None), None)


def _end(loop: VirtualTimeLoop, tasks: list[asyncio.Task[Any]]) -> None:
    """Cancel what still runs, and close the loop."""
    waiting = [task for task in tasks if not task.done()]
    for task in waiting:
        task.cancel()
    if waiting:
        loop.run_until_complete(asyncio.wait(waiting, timeout=1))
    for task in tasks:
        if task.done() and not task.cancelled():
            task.exception()  # heard, so that nothing is printed when it is thrown away
    loop.close()
