"""Day 14's second half: a control through steps of load, and admission by promise, on the simulator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from tiny_batch_kit.base.progress import Progress
from tiny_batch_kit.course import implementations
from tiny_batch_kit.machine.clocks import VirtualClock
from tiny_batch_kit.serving.workloads import Job, chat_stream
from tiny_batch_kit.simulator.cost import CostModel
from tiny_batch_kit.simulator.simulate import Simulated, simulate

SLOTS, MOST_TOKENS, MEMORY, LIMIT = 64, 256, 8192, 256
TARGET, TTFT = 0.25, 8.0
"""What is promised: seconds a token, and to the first one."""
MARGIN = 1.1
"""A TPOT that is so many times the target still counts as good, for the control and for fixed settings alike."""
FIXED = (48, 56, 58)
"""Tokens a step that are tried, to find the best fixed number."""
LOADS = (0.2, 0.6, 1.2, 0.8, 1.2, 0.2)
"""Of what the best fixed setting can do."""
WAITING = 32


@dataclass(frozen=True)
class Phase:
    """One step of load: tokens a second and the 99th percentile of TPOT of what ended in it."""

    load: float
    speed: float
    tpot: float


def scheduler(tokens: int, waiting: int | None = WAITING, queue: Any = None) -> Any:
    """A preemptive scheduler of so many tokens a step."""
    return implementations.load("policies").PreemptiveScheduler(
        max_running=min(SLOTS, tokens),
        max_batched_tokens=tokens,
        max_seq_len=2048,
        max_memory_tokens=MEMORY,
        max_waiting=waiting,
        queue=queue,
    )


def capacity(prices: CostModel, count: int) -> float:
    """How many requests a second the best fixed setting serves within the target, when some always wait."""
    best = 0.0
    for tokens in FIXED:
        found = simulate(chat_stream(count, rate=3.0), scheduler(tokens), prices, limit=LIMIT)
        if found.percentile("tpot", 99) <= TARGET:
            best = max(best, len(found.ttft) / found.seconds)
    return best


def stream(count: int, most: float, starts: list[float]) -> Iterator[Job]:
    """So many chat requests at each of LOADS; `starts` gets when each begins, and when the last ends."""
    start = 0.0
    starts[:] = [0.0]
    for number, load in enumerate(LOADS):
        at = start
        for job in chat_stream(count // len(LOADS), rate=load * most, seed=100 * number):
            at = start + job.arrival
            yield replace(job, id=f"{number}:{job.id}", arrival=at)
        start = at
        starts.append(start)


@dataclass
class Followed:
    """The control and each fixed number of tokens, phase by phase; and what the control set over time."""

    controlled: list[Phase] = field(default_factory=list)
    fixed: dict[int, list[Phase]] = field(default_factory=dict)
    log: list[tuple[float, int, int]] = field(default_factory=list)  # when, tokens a step, limit
    starts: list[float] = field(default_factory=list)

    def best(self, number: int) -> Phase:
        """The fixed setting with the most tokens a second in a phase that keeps the target in it."""
        kept = [phases[number] for phases in self.fixed.values() if phases[number].tpot <= TARGET]
        return max(kept, key=lambda phase: phase.speed)


def follow(count: int, most: float, prices: CostModel, progress: Progress) -> Followed:
    """Serve the same steps of load with the control, and with each fixed number of tokens."""
    found = Followed()
    adaptive, clock = implementations.load("adaptive"), VirtualClock()
    queue = adaptive.LimitedQueue(1)
    serving = scheduler(MOST_TOKENS, queue=queue)
    control = adaptive.LoadControl(serving, queue, TARGET, clock=clock)

    def on_step(rows: list[Any]) -> None:
        control.on_step(rows)
        found.log.append((clock.now(), serving.max_batched_tokens, queue.limit))

    progress(f"{count:,} requests through steps of load, with the control", 0.0)
    jobs = stream(count, most, found.starts)
    served = simulate(jobs, serving, prices, limit=LIMIT, clock=clock, on_step=on_step)
    found.controlled = phases(served, found.starts)
    for number, tokens in enumerate(FIXED):
        progress(f"the same with {tokens} tokens a step", (1 + number) / (1 + len(FIXED)))
        served = simulate(stream(count, most, []), scheduler(tokens), prices, limit=LIMIT)
        found.fixed[tokens] = phases(served, found.starts)
    return found


def phases(served: Simulated, starts: list[float]) -> list[Phase]:
    """What came of each step of load."""
    ended, tokens, tpot = np.array(served.ended), np.array(served.output_tokens), np.array(served.tpot)
    found = []
    for load, start, stop in zip(LOADS, starts, starts[1:], strict=False):
        inside = (ended >= start) & (ended < stop)
        several = tpot[inside & (tokens > 1)]
        tail = float(np.percentile(several, 99)) if len(several) else 0.0
        found.append(Phase(load, float(tokens[inside].sum()) / (stop - start), tail))
    return found


@dataclass(frozen=True)
class Admitted:
    """One way to admit at 120% of capacity."""

    name: str
    served: Simulated

    @property
    def goodput(self) -> float:
        """Requests a second that got what was promised."""
        return self.served.goodput(TTFT, MARGIN * TARGET)

    @property
    def row(self) -> list[object]:
        """Of the table."""
        found = self.served
        ended = max(1, len(found.ttft))
        times = [found.percentile("ttft", share) for share in (50, 99)]
        kept = f"{found.good(TTFT, MARGIN * TARGET) / ended:.1%}"
        return [self.name, self.goodput, kept, *times, found.lost, mean_prompt(found)]


def mean_prompt(found: Simulated) -> float:
    """How long the prompts were that were served."""
    return float(np.mean(found.prompt_tokens)) if found.prompt_tokens else 0.0


def admit(count: int, most: float, tokens: int, prices: CostModel, progress: Progress) -> list[Admitted]:
    """Serve too many requests first come, first served, with a bounded queue, and by promise."""
    load = implementations.load
    objective = load("totals").Objective(TTFT, MARGIN * TARGET)
    ways: list[tuple[str, int | None, float, int]] = [
        ("first come, first served", None, 0.0, 0),
        ("at most 8 wait", 8, 0.0, 0),
        ("by promise", None, 1.25, 0),
        ("by promise, and they come back", None, 1.25, 3),
    ]
    found = []
    for number, (name, waiting, margin, returns) in enumerate(ways):
        progress(f"{count:,} requests at 120%: {name}", number / len(ways))
        serving, clock, hear = scheduler(tokens, waiting), VirtualClock(), dict[str, Any]()
        if margin:
            promise = load("promise").Promise(serving, objective, 150.0, margin=margin, clock=clock)
            hear = {"clock": clock, "on_step": promise.on_step, "check": promise.check, "returns": returns}
        jobs = chat_stream(count, rate=1.2 * most)
        found.append(Admitted(name, simulate(jobs, serving, prices, limit=LIMIT, **hear)))
    return found
