"""Runs spread over the cores of a Ray cluster: what comes back is what would have come back here."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from tiny_batch_kit.course import implementations
from tiny_batch_kit.machine.cluster import as_they_end
from tiny_batch_kit.simulator import sweep
from tiny_batch_kit.simulator.sweep import Row, Setting

S = TypeVar("S")
T = TypeVar("T")


class Timed(NamedTuple):
    """A run's row, and the seconds of CPU that it took, wherever it ran."""

    row: Row
    seconds: float


def timed(setting: Setting, progress: Callable[[int], None] | None = None) -> Timed:
    """One run."""
    start = time.process_time()
    row = sweep.row(setting, sweep.serve(setting, progress))
    return Timed(row, time.process_time() - start)


def spread(
    ray: Any,
    code: str,
    work: Callable[[S], T],
    things: Sequence[S],
    progress: Callable[[int], None] = lambda ended: None,
) -> list[T]:
    """What work returns for each of these, in their order; each is done by whichever core of the cluster is free.

    code: whose code the workers run. What a worker that dies was doing is done again by another; what work raises is
    raised here. progress: is told how many have ended.
    """
    there = ray.remote(num_cpus=1, max_retries=3)(_there)
    found: dict[int, T] = {}
    for place, result in as_they_end(ray, [there.remote(code, work, thing) for thing in things]):
        found[place] = result
        progress(len(found))
    return [found[place] for place in range(len(things))]


def _there(code: str, work: Callable[[S], T], thing: S) -> T:
    """In a worker, which may have done another run before."""
    if implementations.PACKAGE not in sys.modules:
        implementations.install(code)
    return work(thing)
