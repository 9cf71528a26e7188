"""One replica of a simulated fleet, what comes to it, and what came of all."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from tiny_batch_kit.serving.workloads import Job
from tiny_batch_kit.simulator.cost import CostModel
from tiny_batch_kit.simulator.simulate import SimulatedRequest


@dataclass(frozen=True)
class Coming:
    """A job, and the names of the whole blocks that its prompt shares with others."""

    job: Job
    prefix: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Outage:
    """A replica dies at `at` seconds, with all that it has and stores, and comes back, empty, at `back`."""

    replica: int
    at: float
    back: float = float("inf")


class Replica:
    """One scheduler, its prices, and what it says of itself."""

    def __init__(self, name: str, make: Callable[[], Any], prices: CostModel, speed: float, limp: float) -> None:
        """make: a scheduler with an empty cache. speed: which it tells. limp: how much slower it is, untold."""
        self.name, self.speed, self.make = name, speed, make
        slower = limp / speed
        self.prices = replace(
            prices,
            seconds=tuple(slower * each for each in prices.seconds),
            **{each: slower * getattr(prices, each) for each in ("row_key", "score", "segment", "logits")},
        )
        self.life = 0
        self.rise()

    def rise(self) -> None:
        """A new life, in which nothing is known of the last."""
        self.scheduler, self.alive = self.make(), True
        self.life += 1
        self.plan: Any = None  # of the step that runs, which began at
        self.began = 0.0
        self.here: dict[str, tuple[SimulatedRequest, Any, int]] = {}  # with their asks, and the router of each
        self.tokens = 0
        self.stored: OrderedDict[bytes, None] = OrderedDict()

    def take(self, request: SimulatedRequest, ask: Any, router: int) -> None:
        """A request has come."""
        self.scheduler.add(request)
        self.here[request.id] = (request, ask, router)
        self.tokens += ask.tokens

    def remember(self, names: Sequence[bytes], at_most: int) -> None:
        """What a router may believe to be stored: the prefixes of the last requests. The cache itself checks."""
        for name in names:
            self.stored[name] = None
            self.stored.move_to_end(name)
        while len(self.stored) > at_most:
            self.stored.popitem(last=False)

    def report(self, report_class: Any, now: float, live: bool = False) -> Any:
        """How it is. live: what it stores is not copied."""
        stored = self.stored.keys() if live else frozenset(self.stored)
        return report_class(self.name, now, len(self.here), self.tokens, self.speed, stored)


@dataclass
class Served:
    """What came of it. Times in virtual seconds, for each request in the order of their ends.

    hits, prompts: tokens of prompts that were loaded, and all. requests, computed, busy: of each replica, how many it
    was sent, how many tokens went through its model, and for how many seconds it was at work. retries, errors: how
    often a request was sent again, and how many ended with an error. seconds: when the last ended.
    """

    ttft: list[float] = field(default_factory=list)
    latency: list[float] = field(default_factory=list)
    arrived: list[float] = field(default_factory=list)
    hits: int = 0
    prompts: int = 0
    requests: list[int] = field(default_factory=list)
    computed: list[int] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    retries: int = 0
    errors: int = 0
    steps: int = 0
    rows: int = 0
    seconds: float = 0.0
    routing: float = 0.0  # what routers took, by the timer that was given

    @property
    def hit_rate(self) -> float:
        """What share of all prompts' tokens was loaded from a cache."""
        return self.hits / max(1, self.prompts)

    @property
    def load_ratio(self) -> float:
        """The most loaded replica's seconds at work over the least loaded one's.

        Not their requests: those that find their prefix stored are less work. Infinity if one was never at work.
        """
        return max(self.busy) / min(self.busy) if min(self.busy) else float("inf")

    def percentile(self, name: str, share: float, since: float = 0.0) -> float:
        """A percentile (0 to 100) of ttft or latency, of those that arrived at `since` or later."""
        values = [value for value, at in zip(getattr(self, name), self.arrived, strict=True) if at >= since]
        return float(np.percentile(values, share)) if values else 0.0
