"""Day 16's experiment: policies before a simulated fleet, how old a report may be, and what the router itself costs."""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tiny_batch_kit.base.progress import Progress
from tiny_batch_kit.course import implementations
from tiny_batch_kit.model.checkpoints import Checkpoint
from tiny_batch_kit.shows.experiments import Experiment
from tiny_batch_kit.simulator import sweep
from tiny_batch_kit.simulator.replica import Outage
from tiny_batch_kit.simulator.sweep import Documents, Row, Setting

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CHAT = Documents(documents=1, size=1, question=(16, 63), answer=(8, 64))
"""Nothing shared that would fill a block."""
SPREAD = Setting(replicas=64, requests=3000, rate=1.2, routers=4, every=1.0, workload=CHAT, warm=0.1)
SHARED = Setting(
    replicas=64,
    requests=10_000,
    rate=2.6,
    routers=4,
    every=1.0,
    factor=1.1,
    look=1,
    store=64,
    workload=Documents(documents=1024, answer=(1, 4)),
    warm=0.2,
)
SPREADING = ("round robin", "least, live", "least, stale", "two choices")
SHARING = ("round robin", "two choices", "affinity, unbounded", "affinity")
AGES = (0.25, 2.0, 8.0, 32.0)
MANY = 32
"""Routers, each of which sees little of what the others do."""
UNEQUAL = (0.5, 1.0, 1.0, 1.5)
"""Speeds of machines, in the mean 1."""
DEATHS = (10.0, 40.0)
"""Seconds between which every tenth replica is dead."""
SIZES = (16, 256, 4096)
TIMED, PARTS = 2000, 20


def run(checkpoint: Checkpoint, quick: bool, progress: Progress) -> Experiment:
    """Simulate each policy on the two workloads, then older and older reports; time the routers."""
    small: dict[str, Any] = {"replicas": 8, "requests": 400} if quick else {}
    parts = scenes(replace(SPREAD, **small), replace(SHARED, **small), quick)
    count, found = sum(map(len, parts.values())), dict[str, list[Row]]()
    for name, settings in parts.items():
        found[name] = []
        for setting in settings:
            progress(f"{name}: {setting.policy}", sum(map(len, found.values())) / count)
            found[name].append(sweep.run(setting))
    progress("what a router costs", 1.0)
    costs = {name: [route_cost(name, size) for size in SIZES[: 1 if quick else None]] for name in sweep.POLICIES}
    base = parts["chat"][0]
    return Experiment(
        title=f"{base.replicas} simulated replicas, {base.routers} routers, reports every {base.every:g} s",
        columns=["scene", "policy", "TTFT p50 s", "p99 s", "latency p50 s", "p99 s", "hit rate", "load", "errors"],
        rows=[table_row(name, row) for name, rows in found.items() for row in rows],
        data={
            "runs": {name: [row.plain() for row in rows] for name, rows in found.items()},
            "sizes": list(SIZES),
            "microseconds": costs,
        },
        figure=lambda: draw(found["chat"], found["documents"], found["old reports"]),
        description="Three panels. Tail latency of four policies on chat: two random choices come close to perfect "
        "knowledge. Hit rates on documents: affinity finds several times as much stored as round robin. Tail latency "
        "against the seconds between reports: that of the least busy by old reports rises, that of two choices hardly.",
        notes=[
            "Least, live: one router that knows everything at once. All others: four routers, each sees its own "
            "requests, and reports of the replicas.",
            "Load: the most loaded replica's seconds at work over the least loaded one's.",
            "A request's routing, and its end, in µs, at "
            + ", ".join(map(str, SIZES))
            + " replicas: "
            + "; ".join(f"{name} {', '.join(f'{each:.0f}' for each in each_size)}" for name, each_size in costs.items())
            + ".",
        ],
    )


def scenes(chat: Setting, shared: Setting, quick: bool) -> dict[str, list[Setting]]:
    """The runs, by what they show."""
    dead = tuple(Outage(number, *DEATHS) for number in range(0, chat.replicas, 10))
    dying = replace(chat, policy="two choices", outages=dead)
    return {
        "chat": sweep.grid(chat, policy=SPREADING),
        "unequal machines": sweep.grid(replace(chat, speeds=UNEQUAL), policy=SPREADING),
        "documents": sweep.grid(shared, policy=SHARING),
        "old reports": sweep.grid(
            replace(chat, routers=MANY), every=AGES[: 1 if quick else None], policy=SPREADING[2:]
        ),
        "deaths": sweep.grid(dying, ejects=(False, True), retries=(False, True)),
    }


def table_row(scene: str, row: Row) -> list[object]:
    """A row of the table."""
    setting, said = row.setting, row.setting.policy
    if scene == "old reports":
        said = f"{said}, {setting.every:g} s"
    if scene == "deaths":
        chosen = [name for name, on in (("ejection", setting.ejects), ("retries", setting.retries)) if on]
        said = " and ".join(chosen) or "neither"
    hits = row.hit_rate if scene == "documents" else None
    return [scene, said, *row.ttft, *row.latency, hits, row.load_ratio, row.errors]


def route_cost(policy: str, replicas: int, count: int = TIMED) -> float:
    """The CPU's microseconds to route a request and to note its end, with so many replicas: the median of PARTS parts.

    Before each part all replicas report.
    """
    reports = implementations.load("reports")
    setting = Setting(policy=policy, replicas=replicas, workload=Documents())
    first = [reports.Report(f"r{number:05d}", 0.0, 5, 5 * 150) for number in range(replicas)]
    router: Any = sweep.router(setting, 0, first)
    names = [tuple(f"{document}/{block}".encode() for block in range(2)) for document in range(500)]
    router.route(reports.Ask("first", 0, 150, names[0]), 0.5)  # builds the ring
    parts = []
    for part in range(1, PARTS + 1):
        for report in first:
            router.heard(report._replace(taken=float(part)))
        asks = [reports.Ask(f"{part}.{n}", n, 150, names[(n * n) % 500]) for n in range(max(1, count // PARTS))]
        start = time.process_time()
        for ask in asks:
            router.route(ask, part + 0.5)
            router.ended(ask.id, part + 0.5)
        parts.append((time.process_time() - start) / len(asks))
    return 1e6 * float(np.median(parts))


def draw(spread: Sequence[Row], shared: Sequence[Row], aged: Sequence[Row]) -> "Figure":
    """Tail latency by policy, hit rate by policy, tail latency by the age of reports."""
    from tiny_batch_kit.shows import plots

    figure, (tails, hits, ages) = plots.figure(columns=3, width=11.5, height=3.8)
    tails.barh([row.setting.policy for row in spread], [row.latency[1] for row in spread])
    tails.set(title="chat: latency p99, s")
    hits.barh([row.setting.policy for row in shared], [100 * row.hit_rate for row in shared], color=plots.COLOURS[1])
    hits.set(title="documents: hit rate, %")
    for axes in (tails, hits):
        axes.invert_yaxis()
    for policy, marker in zip(SPREADING[2:], plots.MARKERS, strict=False):
        line = [(row.setting.every, row.latency[1]) for row in aged if row.setting.policy == policy]
        ages.plot(*zip(*line, strict=True), marker=marker, label=policy)
    ages.set(title="chat: latency p99, s", xlabel="seconds between reports", xscale="log", ylim=(0, None))
    ages.legend()
    return figure
