"""Day 16: what a router knows of its replicas. Pure Python: no clock, no network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple, Protocol, overload


class Report(NamedTuple):
    """What a replica said about itself at `taken`, in seconds of the router's clock. By default, infinitely long ago.

    requests: how many wait or run there. tokens: how many these still have to compute, prompts and answers. speed: of
    the machine, above 0, in any unit that all replicas share. prefixes: names of blocks that it has stored.
    """

    replica: str
    taken: float = float("-inf")
    requests: int = 0
    tokens: int = 0
    speed: float = 1.0
    prefixes: AbstractSet[bytes] = frozenset()

    @property
    def work(self) -> float:
        """How long it needs for what it has to do: tokens over speed, so that unequal machines can be compared."""
        return self.tokens / self.speed


class Ask(NamedTuple):
    """What a router knows of a request.

    number: its place in the order of arrival at this router, from 0. tokens: of its prompt, and of its answer at most.
    prefix: the names of its prompt's whole blocks, from the first: the `block_hash` of Day 11, each after its parent.
    """

    id: str
    number: int = 0
    tokens: int = 1
    prefix: tuple[bytes, ...] = ()


class Reports(Sequence[Report]):
    """One report of each replica, in the order of their names. `total` and `speed` are those of all together."""

    def __init__(self, reports: Iterable[Report] = ()) -> None:
        """Raises ValueError if a replica has two reports, or a speed that is not above 0."""
        self._reports = sorted(reports, key=lambda report: report.replica)
        self._place = {report.replica: place for place, report in enumerate(self._reports)}
        if len(self._place) < len(self._reports):
            raise ValueError("a replica has two reports: give one of each")
        for report in self._reports:
            if not report.speed > 0:
                raise ValueError(f"{report.replica} has a speed of {report.speed}: give a number above 0")
        self.names: frozenset[str] = frozenset(self._place)  # the same object for as long as the same replicas are here
        self.total = sum(report.requests for report in self._reports)
        self.speed = sum(report.speed for report in self._reports)

    @overload
    def __getitem__(self, place: int) -> Report: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Report]: ...
    def __getitem__(self, place: int | slice) -> Report | Sequence[Report]:
        return self._reports[place]

    def __len__(self) -> int:
        return len(self._reports)

    def __iter__(self) -> Iterator[Report]:
        return iter(self._reports)

    def of(self, replica: str) -> Report | None:
        """A replica's report, or None if there is none."""
        place = self._place.get(replica)
        return None if place is None else self._reports[place]

    def put(self, report: Report) -> None:
        """Replace the report of a replica that is here, in constant time."""
        place = self._place[report.replica]
        before, self._reports[place] = self._reports[place], report
        self.total += report.requests - before.requests
        self.speed += report.speed - before.speed

    def without(self, replicas: AbstractSet[str]) -> Reports:
        """The reports of all others; this same object if that is all of them."""
        if self.names.isdisjoint(replicas):
            return self
        return Reports(report for report in self._reports if report.replica not in replicas)


class Policy(Protocol):
    """Where a request goes: a function of reports, so that it works with simulated replicas and real ones alike."""

    def choose(self, ask: Ask, reports: Reports, now: float) -> str:
        """The name of one of these replicas. There is at least one. now: seconds of the router's clock."""
        ...
