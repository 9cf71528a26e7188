"""A server that stands still for a while, as a load generator sees it that waits for answers, and one that does not.

A server of SLOTS places, simulated; each request takes one to three seconds in one of them.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

SLOTS, RATE, SECONDS = 16, 6.0, 120.0
STILL, LASTS = 60.0, 10.0
"""At STILL seconds, nothing moves for LASTS seconds."""


@dataclass(frozen=True)
class Seen:
    """When each request came, and how long it took, in seconds."""

    came: list[float]
    took: list[float]

    def percentile(self, share: float) -> float:
        """So many seconds at most took this share, in percent."""
        return float(np.percentile(self.took, share))


def _end(start: float, work: float) -> float:
    """When some work is done that begins at `start`."""
    begins = STILL + LASTS if STILL <= start < STILL + LASTS else start
    return begins + work + (LASTS if begins < STILL < begins + work else 0.0)


def opened(seed: int = 0) -> Seen:
    """Requests come RATE a second, whatever has become of those before."""
    rng = np.random.default_rng(seed)
    free = [0.0] * SLOTS
    came, took, now = list[float](), list[float](), 0.0
    while (now := now + float(rng.exponential(1 / RATE))) < SECONDS:
        end = _end(max(now, heapq.heappop(free)), float(rng.uniform(1, 3)))
        heapq.heappush(free, end)
        came.append(now)
        took.append(end - now)
    return Seen(came, took)


def closed(seed: int = 0) -> Seen:
    """SLOTS clients; each waits for its answer, thinks, and asks again: RATE a second as long as all is well."""
    rng = np.random.default_rng(seed)
    think = SLOTS / RATE - 2.0
    asks = [float(rng.uniform(0, SLOTS / RATE)) for _ in range(SLOTS)]
    heapq.heapify(asks)
    came, took = list[float](), list[float]()
    while (now := heapq.heappop(asks)) < SECONDS:
        end = _end(now, float(rng.uniform(1, 3)))
        came.append(now)
        took.append(end - now)
        heapq.heappush(asks, end + float(rng.exponential(think)))
    return Seen(came, took)


LOOPS: dict[str, Callable[[], Seen]] = {"open loop": opened, "closed loop": closed}
