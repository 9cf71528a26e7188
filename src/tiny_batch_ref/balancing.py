"""Day 16: spread requests over replicas by what is known about their load."""

from __future__ import annotations

from hashlib import blake2b

from .reports import Ask, Report, Reports


def draw(seed: int, ask_id: str, below: int, turn: int = 0) -> int:
    """A number from 0 to below - 1, all equally likely, that depends on seed, id and turn alone, in every process.

    turn: for several draws of one request that have nothing to do with each other.
    """
    name = f"{seed}/{turn}/{ask_id}".encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(name, digest_size=8).digest(), "big") % below


class RoundRobin:
    """To each replica in turn, however much it has to do."""

    def choose(self, ask: Ask, reports: Reports, now: float) -> str:
        """The replica whose turn it is: each request goes to the next one in order of names.

        After the last comes the first again. Depends on the request's number and the names alone.
        """
        # task 16.1 begin
        return reports[ask.number % len(reports)].replica
        # task 16.1 end


class LeastOutstanding:
    """To the replica with the least to do, by the reports: right if they are true now, a stampede if they are old."""

    def choose(self, ask: Ask, reports: Reports, now: float) -> str:
        """The replica that would have the least work if it took this request too: its tokens and the request's, over
        its speed. Of equal ones, the one with the fewest requests; of these, the first in order of names.
        """
        # task 16.1 begin
        return min(reports, key=lambda report: ((report.tokens + ask.tokens) / report.speed, report.requests)).replica
        # task 16.1 end


class TwoChoices:
    """Draw two replicas, and take the one that has less to do (Mitzenmacher 2001).

    Each request draws its own two, so that the same old report starts no stampede; and it looks at two reports, however
    many there are.
    """

    def __init__(self, seed: int = 0, max_age: float = float("inf")) -> None:
        """seed: of the draws; give each router its own. max_age: up to how many seconds old a report is believed."""
        if not max_age >= 0:
            raise ValueError(f"max_age is {max_age}: give a number of seconds, 0 or more")
        self.seed, self.max_age = seed, max_age

    def pair(self, ask: Ask, reports: Reports) -> tuple[Report, Report]:
        """Two replicas, drawn by seed and the request's id alone: two different ones, and all pairs are equally likely.

        If there is only one replica, it is both.
        """
        # task 16.3 begin
        count = len(reports)
        first = draw(self.seed, ask.id, count)
        if count == 1:
            return reports[0], reports[0]
        second = draw(self.seed, ask.id, count - 1, turn=1)
        return reports[first], reports[second + (second >= first)]
        # task 16.3 end

    def choose(self, ask: Ask, reports: Reports, now: float) -> str:
        """The one of the pair that would have less work if it took this request too, as for LeastOutstanding.

        Of equal work, the first of the pair, however many requests they have. If either report is older than `max_age`
        there is nothing to compare: then the first of the pair, whatever the reports say.
        """
        # task 16.3 begin
        first, second = self.pair(ask, reports)
        if now - min(first.taken, second.taken) > self.max_age:
            return first.replica
        by_first, by_second = ((each.tokens + ask.tokens) / each.speed for each in (first, second))
        return second.replica if by_second < by_first else first.replica
        # task 16.3 end
