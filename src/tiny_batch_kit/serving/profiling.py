"""Where a step's time goes: a stop watch that is put around the parts of an engine, and taken off again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

SCHEDULE, DESCRIBE, COMPUTE, HAND_OUT, LISTEN, BETWEEN = (
    *("schedule", "describe", "compute", "hand out", "listen", "between"),
)
PARTS = {
    SCHEDULE: "plan and commit",
    DESCRIBE: "Python calls the model, layer by layer; MLX has begun by then",
    COMPUTE: "the rest of the runner: packing, vocabulary, sampling, and waiting for the machine",
    HAND_OUT: "the rest of the engine: tokens to requests, text, events",
    LISTEN: "what hears of steps and events",
    BETWEEN: "outside the engine, from one step to the next",
}
"""The parts of a step, in the order in which they come, and what is in each."""


@dataclass(frozen=True)
class Profile:
    """Seconds of each part, over so many steps. Each moment is in one part only."""

    steps: int
    seconds: Mapping[str, float]

    @property
    def total(self) -> float:
        """Seconds in all."""
        return sum(self.seconds.values())

    def share(self, part: str) -> float:
        """A part's share of all, 0 to 1; 0 if no time has passed."""
        return self.seconds[part] / self.total if self.total else 0.0

    def milliseconds(self, part: str) -> float:
        """Milliseconds of a part in a step, on average; 0 without a step."""
        return 1e3 * self.seconds[part] / self.steps if self.steps else 0.0


class Profiler:
    """Measures the engine that it is put around, from `with profiler.watching(engine):` to the end of the block."""

    def __init__(self, read: Callable[[], float] = time.perf_counter) -> None:
        """read: tells the time in seconds."""
        self._read = read
        self._seconds = dict.fromkeys(PARTS, 0.0)
        self._stack = [BETWEEN]
        self._since = read()
        self._steps = 0

    @property
    def profile(self) -> Profile:
        """What was measured until now."""
        return Profile(self._steps, dict(self._seconds))

    @contextmanager
    def watching(self, engine: Any) -> Iterator[None]:
        """Measure an engine's steps inside of the block; afterwards it is as it was before."""
        with ExitStack() as undo:
            scheduler, runner = engine.scheduler, engine.runner
            for owner, name, part in (
                (scheduler, "plan", SCHEDULE),
                (scheduler, "commit", SCHEDULE),
                (runner, "run", COMPUTE),
                (engine, "step", HAND_OUT),
            ):
                undo.enter_context(self._around(owner, name, part))
            if hasattr(runner, "model"):
                undo.enter_context(_replaced(runner, "model", _Described(runner.model, self)))
            self._since = self._read()
            yield
            self._switch()

    def listening(self, listener: Callable[..., Any]) -> Callable[..., Any]:
        """The same listener, with its time counted as LISTEN: for `on_step`, or for what is done with events."""

        def timed(*args: Any) -> Any:
            with self.part(LISTEN):
                return listener(*args)

        return timed

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Count the time inside of the block for one part, and no longer for the one around it."""
        self._switch()
        self._stack.append(name)
        try:
            yield
        finally:
            self._switch()
            self._stack.pop()

    def _switch(self) -> None:
        now = self._read()
        self._seconds[self._stack[-1]] += now - self._since
        self._since = now

    @contextmanager
    def _around(self, owner: Any, name: str, part: str) -> Iterator[None]:
        method = getattr(owner, name)

        def timed(*args: Any, **options: Any) -> Any:
            self._steps += part == HAND_OUT
            with self.part(part):
                return method(*args, **options)

        with _replaced(owner, name, timed):
            yield


class _Described:
    """A model whose calls count as DESCRIBE; everything else is the model's."""

    def __init__(self, model: Any, profiler: Profiler) -> None:
        self._model, self._profiler = model, profiler

    def __call__(self, *args: Any) -> Any:
        with self._profiler.part(DESCRIBE):
            return self._model(*args)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)


@contextmanager
def _replaced(owner: Any, name: str, new: Any) -> Iterator[None]:
    """Let an object have another attribute for a while."""
    own, old = name in vars(owner), getattr(owner, name)
    setattr(owner, name, new)
    try:
        yield
    finally:
        if own:
            setattr(owner, name, old)
        else:
            delattr(owner, name)


def rows(profile: Profile, parts: Sequence[str] = tuple(PARTS)) -> list[list[object]]:
    """A table: each part, milliseconds a step, share, what it is."""
    return [[part, profile.milliseconds(part), profile.share(part), PARTS[part]] for part in parts]
