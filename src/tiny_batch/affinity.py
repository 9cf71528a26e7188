"""Day 16: send prompts that begin alike to the same replica, for as long as it can take them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from math import ceil, inf

from .reports import Ask, Report, Reports


def place_of(name: bytes) -> int:
    """A place on the ring, 0 to 2^64 - 1: the same in every process."""
    return int.from_bytes(blake2b(name, digest_size=8).digest(), "big")


class HashRing:
    """Replicas on a ring, each at `points` places; a key belongs to the first that follows its own place.

    A replica that joins takes over some keys of others, and one that leaves gives its own away; all other keys stay
    where they are (Karger et al. 1997).
    """

    def __init__(self, points: int = 64) -> None:
        """A ring without replicas. Raises ValueError for less than one point each."""
        if points < 1:
            raise ValueError(f"{points} points for each replica: give at least 1")
        self.points = points
        self.names: frozenset[str] = frozenset()
        self._places: list[int] = []  # sorted
        self._owners: list[str] = []  # whose place each is

    def add(self, replicas: Iterable[str]) -> None:
        """Put these replicas on the ring; those that are on it already stay as they are.

        A replica's places depend on its name alone: on `place_of` of "name/0", "name/1", … in UTF-8.
        """
        raise NotImplementedError("Task 16.4: HashRing.add: see book/src/day-16.md")

    def walk(self, key: bytes) -> Iterator[str]:
        """All replicas in the order in which they follow the key's place, once around, each of them once."""
        raise NotImplementedError("Task 16.4: HashRing.walk: see book/src/day-16.md")


def room(report: Report, reports: Reports, factor: float) -> bool:
    """Whether a replica may take one more request, so that it has at most `factor` times its share of all.

    Its share is that of its speed in the speed of all; all are the requests that wait or run anywhere, and the new one.
    What it may have is rounded up. So with a factor of at least 1, some replica always has room (Mirrokni et al. 2018).
    If the factor is infinity, all have.
    """
    raise NotImplementedError("Task 16.4: room: see book/src/day-16.md")


class PrefixAffinity:
    """Prompts that begin alike go to the same replica, and to the next ones on the ring when it has too much to do."""

    def __init__(self, factor: float = 1.25, depth: int = 4, look: int = 1, points: int = 64) -> None:
        """factor: how many times its share a replica may have, at least 1; infinity: a hot prefix drowns its replica.

        depth: how many blocks must be equal for prompts to begin alike. look: among how many replicas with room their
        stores decide. points: of each on the ring. Raises ValueError for a factor, a depth or a look below 1, or for
        less than one point.
        """
        if not factor >= 1 or depth < 1 or look < 1:
            raise ValueError(f"factor {factor}, depth {depth}, look {look}: give at least 1 of each")
        self.factor, self.depth, self.look = factor, depth, look
        self._ring = HashRing(points)  # of all replicas that were ever seen: on the way around, others are passed over
        self._seen: frozenset[str] = frozenset()

    def key(self, ask: Ask) -> bytes:
        """What belongs to a place on the ring: the name of the last of the first `depth` blocks, or of fewer if the
        prompt has fewer. A prompt without a whole block is like no other: its id, in UTF-8.
        """
        raise NotImplementedError("Task 16.4: PrefixAffinity.key: see book/src/day-16.md")

    def choose(self, ask: Ask, reports: Reports, now: float) -> str:
        """On the way around the ring from the request's key, the first replica of these reports that has room.

        With `look` above 1: of the first `look` that have room, the one whose report lists the most of the prompt's
        blocks, counted from the first up to the first that is missing; of equal ones, the first on the way.
        """
        if reports.names is not self._seen:  # new names, perhaps: the places of those on the ring don't change by them
            self._ring.add(reports.names)
            self._seen = reports.names
        raise NotImplementedError("Task 16.4: PrefixAffinity.choose: see book/src/day-16.md")


def stored(ask: Ask, report: Report) -> int:
    """How many of a prompt's first blocks a replica has, by its report: those after a missing one are of no use."""
    raise NotImplementedError("Task 16.4: stored: see book/src/day-16.md")
