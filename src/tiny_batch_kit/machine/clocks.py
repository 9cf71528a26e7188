"""Clocks: the time is always passed in, so that tests and simulations never wait for it."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from tiny_batch_kit.base.errors import KitError


class Clock(Protocol):
    """Anything that tells the time in seconds. Only differences between two readings mean something."""

    def now(self) -> float:
        """Return the time in seconds; it never goes back."""
        ...


class WallClock:
    """The machine's monotonic clock; it reads 0 at the moment that it is made."""

    def __init__(self) -> None:
        self._origin = time.perf_counter()

    def now(self) -> float:
        """Return the seconds since this clock was made."""
        return time.perf_counter() - self._origin


class VirtualClock:
    """A clock that stands still until it is told to advance."""

    def __init__(self, start: float = 0.0) -> None:
        if not math.isfinite(start):
            raise KitError(f"A clock can't start at {start}: give it a finite number of seconds.")
        self._now = float(start)

    def now(self) -> float:
        """Return the virtual time in seconds."""
        return self._now

    def advance(self, seconds: float) -> float:
        """Move the time on by `seconds` and return the new time; KitError if that would go back."""
        if not (math.isfinite(seconds) and seconds >= 0):
            raise KitError(f"A clock can't advance by {seconds} s: give it a finite number of seconds, 0 or more.")
        self._now += seconds
        return self._now

    def advance_to(self, moment: float) -> float:
        """Move the time on to `moment` (seconds) and return it; KitError if that is in the past."""
        if not (math.isfinite(moment) and moment >= self._now):
            raise KitError(f"A clock can't go from {self._now} s back to {moment} s: give it a later moment.")
        self._now = float(moment)
        return self._now


class ServiceClock:
    """The time of a server: it runs while work is done, stands still otherwise, and jumps over waiting.

    So an experiment whose requests arrive over a minute takes only as long as the model computes, and every arrival is
    still on time.
    """

    def __init__(self, read: Callable[[], float] = time.perf_counter) -> None:
        self._read = read
        self._now = 0.0
        self._since: float | None = None  # when the work began that goes on; None while nothing is done

    def now(self) -> float:
        """Return the seconds of work and of jumps so far."""
        return self._now + (self._read() - self._since if self._since is not None else 0.0)

    @contextmanager
    def working(self) -> Iterator[None]:
        """Let the time run inside the `with` block."""
        self._since = self._read()
        try:
            yield
        finally:
            self._now, self._since = self.now(), None

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let the time inside the `with` block go uncounted: drawing the progress is not serving."""
        running = self._since is not None
        self._now, self._since = self.now(), None
        try:
            yield
        finally:
            self._since = self._read() if running else None

    def advance_to(self, moment: float) -> float:
        """Jump to `moment` (seconds) if it is still to come; return the time."""
        self._now = max(self._now, moment)
        return self._now
