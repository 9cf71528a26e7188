"""Day 14: what was promised, what was counted, and what can be said of it, for one process or for many."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from .engine import FinishedEvent
from .histogram import Histogram
from .request import FinishReason

WHOLE = frozenset({FinishReason.EOS, FinishReason.STOP, FinishReason.LENGTH})
"""How a request ends if its caller has the whole answer."""


@dataclass(frozen=True)
class Objective:
    """What is promised to each request: its first token within `ttft` seconds, and then one in `tpot`, on average.

    Raises ValueError unless both are above 0; infinity promises nothing.
    """

    ttft: float
    tpot: float

    def __post_init__(self) -> None:
        if not (self.ttft > 0 and self.tpot > 0):
            raise ValueError(f"ttft {self.ttft}, tpot {self.tpot}: give seconds above 0")

    def met(self, finished: FinishedEvent) -> bool:
        """Whether a request that has ended got what was promised: both, and a whole answer (see WHOLE).

        Just in time is in time. With one token only, there is no second to wait for. An answer without any token is
        there when it ends.
        """
        # task 14.3 begin
        first = finished.latency if finished.ttft is None else finished.ttft
        if finished.reason not in WHOLE or first is None:
            return False
        return first <= self.ttft and (finished.tpot is None or finished.tpot <= self.tpot)
        # task 14.3 end


class Little(NamedTuple):
    """How many requests were there on average: as `seen` from outside, and as their own times say."""

    seen: float
    said: float

    @property
    def off(self) -> float:
        """How far the two are apart, as a share of the greater; 0 if no request ever came."""
        return abs(self.seen - self.said) / max(self.seen, self.said) if max(self.seen, self.said) > 0 else 0.0


def _seconds() -> Histogram:
    return Histogram()


@dataclass
class Totals:
    """What one process has counted since it began to, or several together. It does not grow with the requests.

    Seconds, tokens or events, as named; see BatchingMetrics, which counts them.
    """

    objective: Objective | None = None
    processes: int = 1
    seconds: float = 0.0  # that were watched; of several processes, which run side by side, the longest
    idle: float = 0.0  # seconds with nobody there, summed over processes
    present: float = 0.0  # request-seconds: each second counts as often as requests are there
    stayed: float = 0.0  # the latencies of all requests that have ended, however they did, summed
    arrived: int = 0
    ended: Counter[FinishReason] = field(default_factory=Counter)
    good: int = 0  # of those that ended: to whom the objective was kept
    tokens: int = 0  # of answers
    preemptions: int = 0
    steps: int = 0
    rows: int = 0  # that read a prompt or decoded, summed over steps
    slots: int = 0  # that there were, summed over steps
    computed: int = 0  # tokens that went through the model
    budget: int = 0  # tokens that might have, summed over steps
    read: int = 0  # of those computed: of PREFILL rows
    again: int = 0  # of those read: computed before, and lost when their request was sent back
    found: int = 0  # tokens that were not computed, since a prefix cache had them
    guessed: int = 0  # tokens that DECODE rows computed beyond their first one
    accepted: int = 0  # of those guessed: kept
    queue_time: Histogram = field(default_factory=_seconds)  # of all that left the queue
    ttft: Histogram = field(default_factory=_seconds)  # of all that have ended, and got a token
    tpot: Histogram = field(default_factory=_seconds)  # of whole answers
    latency: Histogram = field(default_factory=_seconds)  # of whole answers
    gap: Histogram = field(default_factory=_seconds)  # between two tokens of a request

    def merge(self, other: Totals) -> None:
        """Add what other processes have counted at the same time; `other` stays as it is.

        Everything is summed (see SUMS, HISTOGRAMS and `ended`) except `seconds`, of which the greater counts: side by
        side, two minutes are one minute. Raises ValueError, and changes nothing, if the objectives or the borders of
        histograms differ.
        """
        # task 14.3 begin
        if other.objective != self.objective:
            raise ValueError(
                f"{other.objective} there, {self.objective} here: what is good by one says nothing of the other; merge "
                "totals of one objective"
            )
        pairs = [(getattr(self, name), getattr(other, name)) for name in HISTOGRAMS]
        if any(mine.borders != others.borders for mine, others in pairs):
            raise ValueError("histograms of other borders can't be added: make those of all processes alike")
        for mine, others in pairs:
            mine.merge(others)
        for name in SUMS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.ended = self.ended + other.ended
        self.seconds = max(self.seconds, other.seconds)
        # task 14.3 end

    @property
    def tokens_per_second(self) -> float:
        """New tokens a second, idle seconds included; 0 before any time has passed."""
        # task 14.3 begin
        return self.tokens / self.seconds if self.seconds else 0.0
        # task 14.3 end

    @property
    def goodput(self) -> float:
        """Requests a second that got what was promised; 0 before any time has passed.

        Raises ValueError without an objective: then nothing was promised. (Zhong et al., 2024, "DistServe", ask instead
        for the highest rate at which 9 of 10 get it.)
        """
        # task 14.3 begin
        if self.objective is None:
            raise ValueError("goodput is that of an objective, and there is none: give one to BatchingMetrics")
        return self.good / self.seconds if self.seconds else 0.0
        # task 14.3 end

    @property
    def occupancy(self) -> float:
        """The share of slots in which a row read or decoded, over all steps: 0 to 1; 0 without a step.

        It says how full the bus is, not how hard its engine works, and nothing about the time between steps.
        """
        # task 14.3 begin
        return self.rows / self.slots if self.slots else 0.0
        # task 14.3 end

    @property
    def budget_fill(self) -> float:
        """The share that steps had of the tokens that they might have had: 0 to 1; 0 without a step."""
        # task 14.3 begin
        return self.computed / self.budget if self.budget else 0.0
        # task 14.3 end

    @property
    def hit_rate(self) -> float:
        """The share that was found of the tokens that answers needed before they could go on: 0 to 1; 0 for none.

        The others were read.
        """
        # task 14.3 begin
        needed = self.found + self.read
        return self.found / needed if needed else 0.0
        # task 14.3 end

    @property
    def acceptance(self) -> float:
        """The share of computed guesses that were kept: 0 to 1; 0 without a guess."""
        # task 14.3 begin
        return self.accepted / self.guessed if self.guessed else 0.0
        # task 14.3 end

    def little(self) -> Little:
        """How many requests were there on average, twice: by what was seen, and by Little's law.

        Seen: request-seconds a second. Said: how many ended a second, times how long they stayed on average. They agree
        when all requests that came have ended, and nearly so if many have; otherwise a request was lost, or times are
        measured from another beginning. Both 0 before any time has passed. (Little, 1961, "A Proof for the Queuing
        Formula")
        """
        # task 14.3 begin
        ended = sum(self.ended.values())
        if not ended or not self.seconds:
            return Little(self.present / self.seconds if self.seconds else 0.0, 0.0)
        return Little(self.present / self.seconds, (ended / self.seconds) * (self.stayed / ended))
        # task 14.3 end


HISTOGRAMS = ("queue_time", "ttft", "tpot", "latency", "gap")
SUMS = (
    *("processes", "idle", "present", "stayed", "arrived", "good", "tokens", "preemptions", "steps", "rows", "slots"),
    *("computed", "budget", "read", "again", "found", "guessed", "accepted"),
)
"""The fields of Totals that are added when two are merged."""
