"""Fleets to compare: each run is a pure function of its settings, so they may run in any order, and anywhere."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from tiny_batch_kit.course import implementations
from tiny_batch_kit.serving.talks import TalkJob
from tiny_batch_kit.simulator import cost
from tiny_batch_kit.simulator.fleet import Fleet
from tiny_batch_kit.simulator.replica import Coming, Outage, Replica, Served

POLICIES = ("round robin", "least, live", "least, stale", "two choices", "affinity, unbounded", "affinity")
"""`least, live` is perfect knowledge: it reads all reports, and they are true. `affinity` has a bound."""


@dataclass(frozen=True)
class Documents:
    """Questions on documents: each prompt is one of `documents` texts of `size` tokens, and words of its own.

    The n-th most popular document is asked for in proportion to 1 / n^skew. question, answer: tokens, from and to.
    """

    documents: int = 16384
    size: int = 128
    skew: float = 0.8
    question: tuple[int, int] = (8, 32)
    answer: tuple[int, int] = (1, 4)


@dataclass(frozen=True)
class Setting:
    """One run. All of it can be pickled.

    rate: requests a second for each replica of speed 1. every, delay: of reports, in seconds. speeds: of the machines,
    one after the other, again and again. store: documents that a replica has blocks for. warm: what share of the
    requests, the first ones, count for no percentile: caches are empty then. outages: who dies and when.
    limps: replicas that are slower than they say, and how many times. factor, look: of affinity.
    """

    policy: str = "two choices"
    replicas: int = 16
    requests: int = 10_000
    rate: float = 1.0
    routers: int = 4
    every: float = 1.0
    delay: float = 0.0
    speeds: tuple[float, ...] = (1.0,)
    store: int = 128
    block: int = 64
    running: int = 16
    factor: float = 1.1
    look: int = 2
    outages: tuple[Outage, ...] = ()
    limps: tuple[tuple[int, float], ...] = ()
    ejects: bool = True
    retries: bool = True
    warm: float = 0.0
    workload: Documents = Documents()
    seed: int = 0


@dataclass(frozen=True)
class Row:
    """What one run gave: the setting that it came from, and its numbers. Times in virtual seconds."""

    setting: Setting
    ttft: tuple[float, float]  # median and 99th percentile
    latency: tuple[float, float]
    hit_rate: float
    load_ratio: float
    retries: int
    errors: int
    ended: int

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


def run(setting: Setting) -> Row:
    """Simulate one setting with the implementation that is installed: the same for the same setting, anywhere."""
    return row(setting, serve(setting))


def row(setting: Setting, found: Served) -> Row:
    """The numbers of what was served."""
    since = setting.warm * max(found.arrived, default=0.0)
    ttft, latency = (
        (found.percentile(name, 50, since), found.percentile(name, 99, since)) for name in ("ttft", "latency")
    )
    return Row(
        setting,
        ttft,
        latency,
        found.hit_rate,
        found.load_ratio,
        found.retries,
        found.errors,
        len(found.latency),
    )


def sweep(
    settings: Sequence[Setting],
    over: Callable[[Callable[[Setting], Row], Sequence[Setting]], Sequence[Row]] | None = None,
) -> list[Row]:
    """One row for each setting, in their order. over: a map that may spread the runs, as a pool's; None: one by one."""
    return list(map(run, settings) if over is None else over(run, settings))


def grid(base: Setting, **axes: Sequence[Any]) -> list[Setting]:
    """All combinations of these values of a setting's fields, the last axis fastest."""
    kept = {name: getattr(base, name) for name in base.__dataclass_fields__}
    return [Setting(**{**kept, **dict(zip(axes, values, strict=True))}) for values in product(*axes.values())]


def serve(
    setting: Setting, progress: Callable[[int], None] | None = None, timer: Callable[[], float] | None = None
) -> Served:
    """Simulate one setting, by the prices of the book's machine. timer: see Fleet."""
    prices, limps = cost.load(cost.BOOKS), dict(setting.limps)
    speeds = [setting.speeds[number % len(setting.speeds)] for number in range(setting.replicas)]
    fleet = Fleet(
        [
            Replica(f"r{number:05d}", partial(scheduler, setting), prices, speed, limps.get(number, 1.0))
            for number, speed in enumerate(speeds)
        ],
        partial(router, setting),
        routers=1 if setting.policy == "least, live" else setting.routers,
        every=0.0 if setting.policy == "least, live" else setting.every,
        delay=setting.delay,
        outages=setting.outages,
        timer=timer,
    )
    collected = gc.isenabled()
    gc.disable()  # nothing here refers to itself, and looking for what does costs a tenth
    try:
        return fleet.serve(documents(setting, sum(speeds)), progress)
    finally:
        if collected:
            gc.enable()


def scheduler(setting: Setting) -> Any:
    """A replica's scheduler: Day 11's, with an empty cache."""
    load, block, size = implementations.load, setting.block, setting.workload.size
    cache = load("prefix_cache").PrefixCache(max(1, setting.store * (size // block)), block)
    longest = size + setting.workload.question[1] + setting.workload.answer[1]
    limits = {"max_running": setting.running, "max_batched_tokens": 128, "max_seq_len": longest}
    return load("caching").CachingScheduler(cache, **limits)


def policy(setting: Setting, number: int) -> Any:
    """The policy of the router with this number."""
    balancing, affinity = implementations.load("balancing"), implementations.load("affinity")
    depth = max(1, setting.workload.size // setting.block)
    factor = float("inf") if setting.policy == "affinity, unbounded" else setting.factor
    made: dict[str, Callable[[], Any]] = {
        "round robin": balancing.RoundRobin,
        "least, live": balancing.LeastOutstanding,
        "least, stale": balancing.LeastOutstanding,
        "two choices": lambda: balancing.TwoChoices(seed=number),
        "affinity, unbounded": lambda: affinity.PrefixAffinity(factor, depth, setting.look),
        "affinity": lambda: affinity.PrefixAffinity(factor, depth, setting.look),
    }
    return made[setting.policy]()


def router(setting: Setting, number: int, first: list[Any]) -> Any:
    """The router with this number, which knows these reports."""
    load = implementations.load
    ejector = load("ejection").Ejector(max_share=0.25 if setting.ejects else 0.0)
    budget = load("router").RetryBudget()
    tries = 3 if setting.retries else 1
    return load("router").Router(policy(setting, number), first, ejector=ejector, budget=budget, tries=tries)


def documents(setting: Setting, speed: float, block: int = 10_000) -> Iterator[Coming]:
    """Requests in order of arrival, a function of the seed. speed: of all machines together."""
    rng, work = np.random.default_rng([47, setting.seed]), setting.workload
    weights = np.cumsum(1 / np.arange(1, work.documents + 1) ** work.skew)
    block_hash, known = implementations.load("prefix_cache").block_hash, dict[int, tuple[Any, ...]]()
    now, number = 0.0, 0
    while number < setting.requests:
        size = min(block, setting.requests - number)
        times = now + np.cumsum(rng.exponential(1 / (setting.rate * speed), size))
        which = np.searchsorted(weights, rng.random(size) * weights[-1], side="right")
        words = rng.integers(work.question[0], work.question[1] + 1, size)
        answers = rng.integers(work.answer[0], work.answer[1] + 1, size)
        now = float(times[-1])
        for at, document, asked, answer in zip(
            times.tolist(), which.tolist(), words.tolist(), answers.tolist(), strict=True
        ):
            if document not in known:
                known[document] = text(document, work.size, setting.block, block_hash)
            ids, names = known[document]
            new = range(1 + 64 * number, 1 + 64 * number + asked)
            yield Coming(TalkJob(f"{number}", at, work.size + asked, answer, (*ids, *new)), names)
            number += 1


def text(document: int, size: int, block: int, block_hash: Any) -> tuple[tuple[int, ...], tuple[bytes, ...]]:
    """A document's tokens, and the names of its whole blocks."""
    first = 2**40 + size * document
    ids, names = tuple(range(first, first + size)), list[bytes]()
    for start in range(0, size - block + 1, block):
        names.append(block_hash(names[-1] if names else b"", ids[start : start + block], ""))
    return ids, tuple(names)
