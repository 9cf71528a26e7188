"""Day 16: reports are old when they are read. What a router has done since, it knows itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .reports import Ask, Report, Reports


@dataclass
class Sent:
    """One of this router's requests: its tokens, when it was sent, and when it ended. ended: None while it goes on."""

    tokens: int
    sent: float
    ended: float | None = None


class Board:
    """The last report of each replica, corrected by what this router has sent there and seen ending since.

    A report taken at some moment includes all that happened up to that moment, and nothing that came later.
    """

    def __init__(self, reports: Iterable[Report] = ()) -> None:
        """reports: of the replicas that are known from the start. Raises ValueError for the reasons of Reports."""
        self.reports = Reports(reports)  # put right
        self._said = {report.replica: report for report in self.reports}  # as the replicas said it
        self._mine: dict[str, dict[str, Sent]] = {}  # by replica and request

    def heard(self, report: Report) -> None:
        """A report has come in. The first of a replica makes it known; one that is no newer than the last is ignored.

        What ended by the time it was taken is forgotten: no report of then or later can still include it.
        """
        last = self._said.get(report.replica)
        if last is not None and report.taken <= last.taken:
            return
        self._said[report.replica] = report
        raise NotImplementedError("Task 16.2: Board.heard: see book/src/day-16.md")
        self._show(report.replica)

    def sent(self, replica: str, ask: Ask, now: float) -> None:
        """A request of this router was sent to a replica that is known: it is there until it has ended."""
        raise NotImplementedError("Task 16.2: Board.sent: see book/src/day-16.md")
        self._show(replica)

    def ended(self, replica: str, ask_id: str, now: float) -> None:
        """A request of this router has ended there, well or badly; nothing happens if it is not known to be there.

        It is remembered until a report comes that can no longer include it.
        """
        raise NotImplementedError("Task 16.2: Board.ended: see book/src/day-16.md")
        self._show(replica)

    def gone(self, replica: str) -> None:
        """A replica was taken out of the fleet: it is no longer known, nor what was sent there."""
        self._said.pop(replica, None)
        self._mine.pop(replica, None)
        self._rebuild()

    def correct(self, report: Report) -> Report:
        """A replica's report, corrected: plus what was sent to it later and is there, less what has ended later.

        A request that was both sent and ended later is in neither. A request counts with all its tokens until it ends,
        however far it is; no number falls below 0.
        """
        raise NotImplementedError("Task 16.2: Board.correct: see book/src/day-16.md")

    def _show(self, replica: str) -> None:
        report = self._said.get(replica)
        if report is None:
            return
        right = self.correct(report)
        if replica in self.reports.names:
            self.reports.put(right)
        else:
            self._rebuild()

    def _rebuild(self) -> None:
        self.reports = Reports(self.correct(report) for report in self._said.values())
