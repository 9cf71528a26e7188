"""Day 15: the thread that owns the engine. No other thread touches it: they send messages, and it reports."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread

from tiny_batch_kit.machine.clocks import Clock, WallClock

from .engine import Engine, Event
from .request import Request


@dataclass(frozen=True)
class Submit:
    """Add a request to the engine. Reported: Answered."""

    request: Request


@dataclass(frozen=True)
class Cancel:
    """Nobody waits for this request any more."""

    request_id: str


@dataclass(frozen=True)
class Stop:
    """Come to an end."""


Message = Submit | Cancel | Stop


@dataclass(frozen=True)
class Answered:
    """The engine has taken a request (error: None), or refused it."""

    request_id: str
    error: Exception | None


@dataclass(frozen=True)
class Stepped:
    """A step has ended: what has happened since the last one, in order."""

    events: Sequence[Event]


@dataclass(frozen=True)
class Died:
    """Something was raised that the engine does not survive; there are no more steps."""

    error: BaseException


Report = Answered | Stepped | Died
Tell = Callable[[Report], None]
"""Takes a report, on the engine's thread; it must not wait for anything."""


class EngineThread:
    """Serves an engine from its inbox. Messages may come from any other thread, and reports may go to any."""

    def __init__(
        self,
        engine: Engine,
        *,
        clock: Clock | None = None,
        annotate: Callable[[Event], Event] = lambda event: event,
        on_step: Callable[[Sequence[Event]], None] = lambda events: None,
    ) -> None:
        """clock: what `busy_since` is read from. annotate: what each event is replaced by before it is reported.

        on_step: hears each step's events, annotated, before they are told. Both are called on this thread, and may
        look at the engine.
        """
        self.engine, self.inbox = engine, SimpleQueue[Message]()
        self.busy_since: float | None = None  # when the step that runs now was begun; None between steps
        self.steps = 0  # that have ended
        self._clock = clock or WallClock()
        self._annotate, self._on_step = annotate, on_step
        self._thread: Thread | None = None

    def start(self, tell: Tell) -> None:
        """Run `serve` on a thread of its own. It ends with the process, if it is not stopped before."""
        self._thread = Thread(target=self.serve, args=(tell,), name="engine", daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._thread is not None and self._thread.is_alive()

    def send(self, message: Message) -> None:
        """Put a message into the inbox: it is read before the next step. Returns at once."""
        self.inbox.put(message)

    def serve(self, tell: Tell) -> None:
        """Read the inbox, step, tell what has happened, and so on until Stop is read.

        While the engine has work, there is a step after each reading, and one Stepped for each step, its events
        annotated. While a step runs, `busy_since` is the time at which it began, and otherwise None. If anything is
        raised that is not caught below, even a SystemExit, Died is told, and nothing more is done.
        """
        raise NotImplementedError("Task 15.2: EngineThread.serve: see book/src/day-15.md")

    def read(self, tell: Tell) -> bool:
        """Carry out the messages that lie in the inbox, in order. Returns False as soon as one is Stop, else True.

        Returns when the inbox is empty and the engine has work. If it has none, the thread sleeps until a message
        comes: it does not poll. If it has some, it waits for nothing.
        """
        raise NotImplementedError("Task 15.2: EngineThread.read: see book/src/day-15.md")

    def carry_out(self, message: Submit | Cancel, tell: Tell) -> None:
        """Do to the engine what a message says.

        Submit: add the request, and tell Answered, with the Exception if the engine raises one. Cancel: abort it; if it
        has already ended, or was refused, the engine raises a ValueError, and that is all right.
        """
        raise NotImplementedError("Task 15.2: EngineThread.carry_out: see book/src/day-15.md")
