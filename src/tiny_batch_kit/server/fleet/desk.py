"""The student's router: Ray Serve asks it for a replica, and the front tells it what became of a request."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

from tiny_batch_kit.course import implementations

POLICIES = ("round robin", "least", "two choices", "affinity")
PATIENCE = 5.0
"""Seconds in which a replica that was chosen must be there to take a request."""


class Lost(RuntimeError):
    """A request that nobody takes, and that is not tried again. The router has forgotten it."""


@dataclass
class Open:
    """A request without an end: what the router knows of it, and where it was sent at its last try, and when."""

    ask: Any
    attempt: int = -1
    replica: str | None = None
    since: float = 0.0


def policy(name: str, seed: int = 0) -> Any:
    """A student's policy. KeyError for a name that is not one of POLICIES."""
    balancing, affinity = implementations.load("balancing"), implementations.load("affinity")
    made: dict[str, Callable[[], Any]] = {
        "round robin": balancing.RoundRobin,
        "least": balancing.LeastOutstanding,
        "two choices": lambda: balancing.TwoChoices(seed=seed),
        "affinity": affinity.PrefixAffinity,
    }
    return made[name]()


class Desk:
    """A student's Router that is asked from Ray's thread and told from the server's."""

    def __init__(self, router: Any, clock: Callable[[], float] = time.time, patience: float = PATIENCE) -> None:
        """clock: as the replicas' own, by which they date their reports. patience: see PATIENCE."""
        self.router, self._clock, self._patience = router, clock, patience
        reports = implementations.load("reports")
        self._ask, self._report = reports.Ask, reports.Report
        self._no_replica = implementations.load("router").NoReplica
        self._lock = Lock()
        self._said: dict[str, Mapping[str, Any]] = {}  # of each replica, what it last said of itself
        self._open: dict[str, Open] = {}
        self.asked = self.retries = self.errors = self.deaths = 0

    def open(self, name: str, tokens: int, prefix: tuple[bytes, ...]) -> None:
        """A request has come. Tell `ended`, `left` or `failed` what becomes of it."""
        with self._lock:
            self._open[name] = Open(self._ask(name, self.asked, tokens, prefix))
            self.asked += 1

    def seen(self, replicas: Mapping[str, Mapping[str, Any]]) -> None:
        """These replicas run, and this is what each of them last said; nothing, if it has not said anything yet."""
        with self._lock:
            for name in self._said.keys() - replicas.keys():
                self._gone(name)
            for name, said in replicas.items():
                if said:
                    self.router.heard(self._report(name, said["taken"], said["requests"], said["tokens"]))
                elif name not in self._said:
                    self.router.heard(self._report(name))
                self._said[name] = said

    def gone(self, replica: str) -> None:
        """A replica has died."""
        with self._lock:
            self.deaths += replica in self._said
            self._gone(replica)

    def _gone(self, replica: str) -> None:
        if self._said.pop(replica, None) is not None:
            self.router.gone(replica)

    def choose(self, name: str, attempt: int, there: Collection[str]) -> str:
        """Where to send a request: one of those that are there. Ray may ask again if the one it was told can't be had.

        Then it is the same one for as long as it is there, but no longer than our patience lasts; then it has failed.
        Raises Lost if the router does not try again.
        """
        with self._lock:
            now, one = self._clock(), self._open.get(name)
            if one is None:
                raise Lost("this request is over")
            again = one.attempt == attempt
            if again and one.replica is not None and one.replica in there and now - one.since < self._patience:
                return one.replica
            while True:
                if again and not self._failed(name, now):
                    raise Lost(f"{one.replica} did not take this request, and it is not tried again")
                try:
                    replica: str = self.router.route(one.ask, now)
                except self._no_replica as error:
                    self._left(name, now)
                    self.errors += 1
                    raise Lost(str(error)) from error
                one.attempt, one.replica, one.since, again = attempt, replica, now, True
                if replica in there:
                    return replica

    def shown(self, name: str) -> None:
        """A caller is about to see the first of an answer."""
        with self._lock:
            self.router.shown(name)

    def ended(self, name: str) -> None:
        """A request has its answer."""
        with self._lock:
            if self._open.pop(name, None) is not None:
                self.router.ended(name, self._clock())

    def left(self, name: str) -> None:
        """A request is over without saying anything of its replica: it was refused, or its caller has left."""
        with self._lock:
            self._left(name, self._clock())

    def _left(self, name: str, now: float) -> None:
        one = self._open.pop(name, None)
        if one is not None and one.replica is not None:
            self.router.left(name, now)

    def failed(self, name: str) -> bool:
        """A request has failed where it was: whether to try again. If not, it is over."""
        with self._lock:
            return self._failed(name, self._clock())

    def _failed(self, name: str, now: float) -> bool:
        one = self._open.get(name)
        if one is None:
            return False
        if one.replica is not None and self.router.failed(name, now):
            self.retries += 1
            return True
        self.errors += 1
        del self._open[name]
        return False

    def where(self, name: str) -> str | None:
        """Which replica has a request."""
        one = self._open.get(name)
        return None if one is None else one.replica

    @property
    def replicas(self) -> dict[str, dict[str, Any]]:
        """What is known of each replica: what it said, what the router's board makes of it, whether it is ejected."""
        with self._lock:
            shown = {}
            for name, said in self._said.items():
                report = self.router.board.reports.of(name)
                counted = {} if report is None else {"requests": report.requests, "tokens": report.tokens}
                shown[name] = {**said, **counted, "ejected": name in self.router.ejector.out}
            return shown

    @property
    def size(self) -> int:
        """How many replicas there are."""
        return len(self._said)


_DESKS: dict[str, Desk] = {}


def put(name: str, desk: Desk) -> None:
    """Let Ray's request router in this process find a desk."""
    _DESKS[name] = desk


def get(name: str) -> Desk:
    """The desk of this name in this process. KeyError if there is none."""
    return _DESKS[name]
