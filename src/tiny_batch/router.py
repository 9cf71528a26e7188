"""Day 16: the router: where a request goes, and what happens to it if that was the wrong place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from .board import Board
from .ejection import Ejector
from .reports import Ask, Policy, Report


class NoReplica(ValueError):
    """There is no replica to send a request to: start one, or try later."""


class RetryBudget:
    """Retries are paid for by requests: each first try puts `share` of a retry into the purse, and a retry takes one.

    When all is well, it always has some. When everything fails, retries are `share` of the load and no more: they don't
    become the second wave that keeps a fleet down.
    """

    def __init__(self, share: float = 0.1, most: float = 10.0) -> None:
        """share: of a retry for each request, 0 to 1. most: what the purse can hold, at least 1; it is full at first.

        Raises ValueError for any other value.
        """
        if not 0 <= share <= 1 or not most >= 1:
            raise ValueError(f"share {share}, most {most}: give a share from 0 to 1, and room for at least 1 retry")
        self.share, self.most = share, most
        self.left = most

    def asked(self) -> None:
        """A request has come, for the first time. What the purse can't hold is lost."""
        raise NotImplementedError("Task 16.6: RetryBudget.asked: see book/src/day-16.md")

    def take(self) -> bool:
        """Whether there is a retry in the purse; if there is, it is taken out.

        What lacks less than a billionth counts as one: ten times 0.1 is a little less than 1 in floating point.
        """
        raise NotImplementedError("Task 16.6: RetryBudget.take: see book/src/day-16.md")


@dataclass
class Going:
    """A request that is on its way or will be tried again. tried: where it has been.

    shown: whether its caller has seen any of the answer. probe: whether it tests an ejected replica.
    """

    ask: Ask
    replica: str
    sent: float
    tried: set[str] = field(default_factory=set)
    shown: bool = False
    probe: bool = False


class Router:
    """Sends each request to a replica, and those that fail to another one if no caller will notice.

    All times are seconds of one clock, and given from outside. A request is known from `route` until `ended`, or until
    `failed` says that there is no further try.
    """

    def __init__(
        self,
        policy: Policy,
        reports: Iterable[Report] = (),
        *,
        ejector: Ejector | None = None,
        budget: RetryBudget | None = None,
        tries: int = 3,
        sweep_every: float = 5.0,
    ) -> None:
        """reports: of the replicas that are known from the start. tries: how often a request is sent, at most.

        sweep_every: seconds between two looks for slow replicas. Raises ValueError for less than one try.
        """
        if tries < 1:
            raise ValueError(f"tries is {tries}: give at least 1")
        self.policy, self.tries, self.sweep_every = policy, tries, sweep_every
        self.board = Board(reports)
        self.ejector = Ejector() if ejector is None else ejector
        self.budget = RetryBudget() if budget is None else budget
        self.going: dict[str, Going] = {}
        self._swept = float("-inf")
        self.ejector.join(self.board.reports.names)

    def heard(self, report: Report) -> None:
        """A replica's report has come in; the first one of a replica puts it into the fleet."""
        self.board.heard(report)
        self.ejector.join((report.replica,))

    def gone(self, replica: str) -> None:
        """A replica was taken out of the fleet. What it was answering must be reported to `failed`, as ever."""
        self.board.gone(replica)
        self.ejector.leave(replica)

    def route(self, ask: Ask, now: float) -> str:
        """Where a request goes now. The board hears that it was sent, and the budget of a request's first try.

        If a replica is to be probed, and this is the request's first try, it goes there. Else the policy chooses among
        those that are neither ejected nor tried before; if there are none, among the ejected ones that were not tried.
        Raises NoReplica if all were tried or there are none: then the request is not known, or not any more.
        """
        going = self.going.get(ask.id)
        tried = going.tried if going else set[str]()
        untried = self.board.reports.without(tried)
        if not untried:
            self.going.pop(ask.id, None)  # what it might be tried on has left since `failed` said so
            raise NoReplica(
                f"{ask.id} has nowhere to go: {len(tried)} of {len(self.board.reports)} replicas were tried"
            )
        if now - self._swept >= self.sweep_every:
            self.ejector.sweep(now)
            self._swept = now
        raise NotImplementedError("Task 16.6: Router.route: see book/src/day-16.md")

    def shown(self, ask_id: str) -> None:
        """A request's caller has seen the first of its answer: from now on no other replica can answer it."""
        if ask_id in self.going:
            self.going[ask_id].shown = True

    def ended(self, ask_id: str, now: float) -> None:
        """A request has its answer. Its pace, in seconds per token at speed 1, is told to the ejector."""
        going = self.going.pop(ask_id)
        report = self.board.reports.of(going.replica)
        self.board.ended(going.replica, ask_id, now)
        if report is not None and (going.probe or going.replica not in self.ejector.out):
            self.ejector.succeeded(going.replica, (now - going.sent) * report.speed / going.ask.tokens, now)

    def left(self, ask_id: str, now: float) -> None:
        """A request's caller has left. That says nothing about its replica."""
        going = self.going.pop(ask_id)
        self.board.ended(going.replica, ask_id, now)
        if going.probe:
            self.ejector.spared(going.replica)

    def failed(self, ask_id: str, now: float) -> bool:
        """A request has failed where it was sent: whether to `route` it again. If not, its caller gets an error.

        The board and the ejector are told. It is tried again only if its caller has seen nothing of an answer, it was
        sent fewer than `tries` times, there is a replica (ejected or not) that it has not been at, and the budget has a
        retry, which is taken only if all else allows. A request that is not tried again is forgotten.
        """
        going = self.going[ask_id]
        self.board.ended(going.replica, ask_id, now)
        if going.probe or going.replica not in self.ejector.out:
            self.ejector.failed(going.replica, now)
        raise NotImplementedError("Task 16.6: Router.failed: see book/src/day-16.md")
