"""Day 16: keep requests away from a replica that fails or is slow, and find out when it is well again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median


@dataclass
class Health:
    """What has been seen of a replica.

    failures: how many in a row. pace: its usual seconds per token, over the `seen` requests since it came back; 0.0
    before the first. times: how often it was ejected since it was last well. until: until when it is ejected; None: it
    is not. probing: whether a probe is on its way.
    """

    failures: int = 0
    pace: float = 0.0
    seen: int = 0
    times: int = 0
    until: float | None = None
    probing: bool = False


class Ejector:
    """Ejects outliers: replicas that fail several times in a row, or are several times slower than the median.

    An ejected replica gets nothing until its time is over, then one request as a probe. If that goes well it is back;
    if not, it is out for twice as long as before.
    """

    def __init__(
        self,
        failures: int = 3,
        slow: float = 4.0,
        least: int = 8,
        base: float = 10.0,
        longest: float = 300.0,
        max_share: float = 0.25,
    ) -> None:
        """failures: so many in a row eject. slow: a pace of more than so many times the median ejects. least: how many
        requests a pace needs to count. base, longest: seconds out, the first time and at most. max_share: the share of
        the fleet that may be out at a time, 0 to 1, rounded down. Raises ValueError for what makes no sense.
        """
        if failures < 1 or not slow > 1 or least < 1 or not 0 < base <= longest or not 0 <= max_share <= 1:
            raise ValueError(
                f"failures {failures}, slow {slow}, least {least}, base {base}, longest {longest}, share {max_share}: "
                "give at least 1 failure and 1 request, slow above 1, 0 < base <= longest, and a share from 0 to 1"
            )
        self.failures, self.slow, self.least = failures, slow, least
        self.base, self.longest, self.max_share = base, longest, max_share
        self.out: set[str] = set()  # who is ejected, those with a probe on its way included
        self._health: dict[str, Health] = {}

    def join(self, replicas: Iterable[str]) -> None:
        """These replicas are in the fleet; nothing changes for those that were already."""
        for replica in replicas:
            self._health.setdefault(replica, Health())

    def leave(self, replica: str) -> None:
        """A replica was taken out of the fleet: forget it."""
        self._health.pop(replica, None)
        self.out.discard(replica)

    def succeeded(self, replica: str, pace: float, now: float) -> None:
        """A request has ended well, at `pace` seconds per token.

        Failures in a row begin anew, and the pace is noted: the mean of the first `least`, and then a fifth of each new
        one and four fifths of what was.
        If the replica is ejected, only its probe counts, and nothing else is noted. With it, the replica is back as if
        new: its pace is forgotten, and next time it is out for `base` again. But if the probe's own pace is more than
        `slow` times the median (`usual`, if there is one), it is out again.
        """
        health = self._health.get(replica)
        if health is None:
            return
        raise NotImplementedError("Task 16.5: Ejector.succeeded: see book/src/day-16.md")

    def failed(self, replica: str, now: float) -> None:
        """A request has failed there. At the `failures`th in a row it is ejected, if the share allows; else the next
        failure asks again. If it is ejected, only its probe counts: it is out again.
        """
        health = self._health.get(replica)
        if health is None:
            return
        raise NotImplementedError("Task 16.5: Ejector.failed: see book/src/day-16.md")

    def sweep(self, now: float) -> None:
        """Eject the slow, while the share allows: those whose pace is more than `slow` times the median, taken before
        any is ejected. The slowest goes first, of equal ones the first by name. Paces of fewer than `least` requests
        don't count. Call it every few seconds.
        """
        raise NotImplementedError("Task 16.5: Ejector.sweep: see book/src/day-16.md")

    def probe(self, now: float) -> str | None:
        """The replica, if any, that should get one request as a probe: its time is over, and none is on its way.

        The one whose time was over first; of equal ones, the first in order of names. It has a probe on its way from
        now on, until `succeeded`, `failed` or `spared` says how that went.
        """
        raise NotImplementedError("Task 16.5: Ejector.probe: see book/src/day-16.md")

    def spared(self, replica: str) -> None:
        """A probe came to no end, because its caller has left: another one may be sent."""
        if replica in self.out:
            self._health[replica].probing = False

    def usual(self) -> float | None:
        """The median pace of those that are not ejected and have been seen often enough; None if there are none."""
        paces = [health.pace for _, health in self._paced()]
        return median(paces) if paces else None

    def _paced(self) -> list[tuple[str, Health]]:
        return [(name, one) for name, one in self._health.items() if one.until is None and one.seen >= self.least]

    def _may_eject(self) -> bool:
        """Whether one more may be out: with it, at most `max_share` of the fleet are."""
        raise NotImplementedError("Task 16.5: Ejector._may_eject: see book/src/day-16.md")

    def _eject(self, replica: str, now: float) -> None:
        """Out from now on, or again: for `base` seconds the first time, twice as long each further time, and `longest`
        at most, however often that is: don't let the power overflow.
        """
        raise NotImplementedError("Task 16.5: Ejector._eject: see book/src/day-16.md")
