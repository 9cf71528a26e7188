"""Day 10's experiment: policies and loads, a hundred thousand simulated requests each."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from tiny_batch_kit.base.progress import Progress
from tiny_batch_kit.course import implementations
from tiny_batch_kit.model.checkpoints import Checkpoint
from tiny_batch_kit.serving.workloads import chat_stream
from tiny_batch_kit.shows.experiments import Experiment
from tiny_batch_kit.simulator import cost
from tiny_batch_kit.simulator.cost import CostModel
from tiny_batch_kit.simulator.simulate import Simulated, simulate

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RUNNING, TOKENS, MEMORY, LIMIT = 16, 128, 3072, 256
"""Slots, tokens a step, tokens of memory; and the new tokens that callers allow, though answers have 8 to 64."""
LOADS = (0.7, 0.9, 1.05)
"""Of what the engine can do: below 1 it keeps up, above it falls behind."""

Policy = tuple[Callable[[], Any], bool]
"""Makes the queue; whether memory is given to tokens that exist, with preemption."""


def policies() -> dict[str, Policy]:
    """Those that are compared."""
    module = implementations.load("policies")
    return {
        "first come": (module.Fifo, False),
        "shortest first": (lambda: module.ShortestFirst(ageing=0.0), False),
        "shortest, ageing": (lambda: module.ShortestFirst(ageing=1.0), False),
        "balanced": (module.LengthBalanced, False),
        "first come, preemptive": (module.Fifo, True),
    }


def run(checkpoint: Checkpoint, quick: bool, progress: Progress) -> Experiment:
    """Find out what the engine can do, then serve the chat mix at several loads with each policy."""
    count = 500 if quick else 100_000
    prices = cost.load()
    progress("what the engine can do at most")
    capacity = most_requests_a_second(prices, 200 if quick else 5000)
    loads = LOADS[:1] if quick else LOADS
    rows: list[list[object]] = []
    found: dict[tuple[float, str], Simulated] = {}
    for load in loads:
        for name, (queue, preemptive) in policies().items():
            done = len(found) / (len(loads) * len(policies()))
            progress(f"{count:,} requests at {load:.0%} of capacity: {name}", done)
            jobs = chat_stream(count, rate=load * capacity)
            found[load, name] = simulate(jobs, scheduler(queue(), preemptive), prices, limit=LIMIT)
            rows.append(row(load, name, found[load, name]))
    return Experiment(
        title=f"Policies and loads: {count:,} simulated chat requests, {RUNNING} slots, room for {MEMORY:,} tokens",
        columns=["load", "policy", "TTFT p50 s", "p99 s", "latency p50 s", "p99 s", "worst s", "fairness", "preempted"],
        rows=rows,
        data={"capacity": capacity, "machine": prices.machine, "model": prices.model, "requests": count},
        figure=lambda: draw(found, loads),
        description="For each load and policy the median and the 99th percentile of the time to first token. Shortest "
        "first has the lowest median and the longest tail; above capacity all tails grow without end.",
        notes=[
            f"Capacity: {capacity:.2f} requests a second, by the prices of {prices.model} on {prices.machine}.",
            "Fairness is Jain's index over each request's slowdown, its latency over that when alone: 1 if all are "
            "slowed down alike, near 0 if a few pay for all.",
            "At more than 100% of capacity the queue grows as long as requests come: no policy helps, it only chooses "
            "who waits.",
        ],
    )


def scheduler(queue: Any, preemptive: bool) -> Any:
    """The scheduler of the experiment."""
    limits = {"max_running": RUNNING, "max_batched_tokens": TOKENS, "max_seq_len": 2048, "max_memory_tokens": MEMORY}
    if preemptive:
        return implementations.load("policies").PreemptiveScheduler(**limits, queue=queue)
    return implementations.load("plan").Scheduler(**limits, queue=queue)


def most_requests_a_second(prices: CostModel, count: int) -> float:
    """How many requests a second are served first come, first served, if there is always somebody waiting."""
    found = simulate(chat_stream(count, rate=1e6), scheduler(None, False), prices, limit=LIMIT)
    return count / found.seconds


def row(load: float, name: str, found: Simulated) -> list[object]:
    """A row of the table."""
    times = [found.percentile(what, share) for what in ("ttft", "latency") for share in (50, 99)]
    return [f"{load:.0%}", name, *times, max(found.latency), fairness(found), found.preemptions]


def fairness(found: Simulated) -> float:
    """Jain's index (1984) over slowdowns. Alone, a request takes a step a new token, and a few to be read."""
    alone = np.array(found.output_tokens) + np.ceil(np.array(found.prompt_tokens) / TOKENS)
    slowdown = np.array(found.latency) / alone
    return float(slowdown.sum() ** 2 / (len(slowdown) * (slowdown**2).sum()))


def draw(found: dict[tuple[float, str], Simulated], loads: tuple[float, ...]) -> "Figure":
    """Median and tail of the TTFT, a panel for each load."""
    from tiny_batch_kit.shows import plots

    figure, panels = plots.figure(columns=len(loads), width=9.6, height=3.6)
    names = [name for _, name in found][: len(policies())]
    places = np.arange(len(names))
    for axes, load in zip(panels, loads, strict=True):
        for share, shift, label in ((50, -0.2, "median"), (99, 0.2, "99th percentile")):
            values = [found[load, name].percentile("ttft", share) for name in names]
            axes.barh(places + shift, values, 0.4, label=label)
        axes.set(title=f"TTFT at {load:.0%} load, s", xscale="log", xlim=(0.1, None))
        axes.set_yticks(places, names if load == loads[0] else [""] * len(names))
        axes.invert_yaxis()
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
    return figure
