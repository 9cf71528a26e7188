"""Day 14's second half, shorter, on the real model: the control beside fixed settings, and admission by promise."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tiny_batch_kit.base.progress import Progress
from tiny_batch_kit.course import implementations
from tiny_batch_kit.machine.clocks import ServiceClock
from tiny_batch_kit.model.checkpoints import Checkpoint
from tiny_batch_kit.model.tuned import tuned
from tiny_batch_kit.serving.trace import from_jobs, take_due
from tiny_batch_kit.serving.workloads import Job, Lengths, chat_mix

SLOTS, LONGEST, TOKENS = 24, 1280, 48
MARGIN = 1.1


@dataclass(frozen=True)
class Live:
    """What came of a run on the model: each request's TTFT and TPOT in the order of their ends, tokens, seconds."""

    ttft: list[float]
    tpot: list[float]
    tokens: int
    seconds: float
    refused: int

    @property
    def speed(self) -> float:
        """New tokens a second."""
        return self.tokens / self.seconds

    def tail(self, share: float = 99) -> float:
        """A percentile of TPOT."""
        return float(np.percentile(self.tpot, share)) if self.tpot else 0.0

    def good(self, ttft: float, tpot: float) -> float:
        """Good requests a second."""
        return sum(a <= ttft and b <= tpot for a, b in zip(self.ttft, self.tpot, strict=True)) / self.seconds


class Server:
    """The engine on the model, with a scheduler, and whoever listens and checks."""

    def __init__(self, checkpoint: Checkpoint, read: Callable[[], float]) -> None:
        self.checkpoint, self.model, self.read = checkpoint, tuned(checkpoint.model), read

    def serve(self, jobs: Sequence[Job], tokens: int, target: float = 0.0, promise: Any = None) -> Live:
        """Serve jobs with so many tokens a step, or with a control that keeps a target.

        promise: an objective; whoever can't be in time is refused, and does not come back.
        """
        load, clock = implementations.load, ServiceClock(self.read)
        queue = load("adaptive").LimitedQueue(1 if target else SLOTS)
        limits = {"max_running": SLOTS, "max_seq_len": LONGEST}
        scheduler = load("policies").PreemptiveScheduler(**limits, max_batched_tokens=tokens, queue=queue)
        listeners = []
        if target:
            listeners.append(load("adaptive").LoadControl(scheduler, queue, target, clock=clock))
        if promise:
            listeners.append(load("promise").Promise(scheduler, promise, 150.0, clock=clock))

        def on_step(rows: list[Any]) -> None:
            for each in listeners:
                each.on_step(rows)

        runner = load("runner").MlxRunner(self.model, **limits)
        engine = load("engine").Engine(scheduler, runner, clock=clock, on_step=on_step)
        return self._drive(engine, clock, jobs, listeners[-1].check if promise else None)

    def serve_with(self, scheduler: Any, runner: Any, jobs: Sequence[Job]) -> Live:
        """Serve jobs with a scheduler and what runs its plans on `model`."""
        clock = ServiceClock(self.read)
        return self._drive(implementations.load("engine").Engine(scheduler, runner, clock=clock), clock, jobs, None)

    def _drive(self, engine: Any, clock: ServiceClock, jobs: Sequence[Job], check: Any) -> Live:
        load = implementations.load
        request_class, full = load("request").Request, load("plan").QueueFull
        arrivals, ends, refused, tokens = deque(from_jobs(self.checkpoint, jobs)), list[Any](), 0, 0
        while arrivals or engine.has_work:
            for one in take_due(arrivals, clock, idle=not engine.has_work):
                request = request_class(one.id, one.ids, one.limit, clock=clock)
                try:
                    if check is not None:
                        check(request)
                    engine.add_request(request)
                except full:
                    refused += 1
            with clock.working():
                events = engine.step()
            tokens += sum(hasattr(event, "token") for event in events)
            ends += [event for event in events if hasattr(event, "reason")]
        return Live([e.ttft for e in ends], [e.tpot or 0.0 for e in ends], tokens, clock.now(), refused)


def at(load: float, most: float, count: int, seed: int) -> list[Job]:
    """Chat requests at a load; long prompts are not quite as long as elsewhere."""
    return chat_mix(count, rate=load * most, seed=seed, long=Lengths(128, 256))


@dataclass(frozen=True)
class Found:
    """On the model: the target, and by load the control and the fixed setting by turns; and goodput at 120%."""

    target: float
    most: float
    turns: list[tuple[float, Live, Live]]
    queued: Live
    promised: Live


def measure(
    checkpoint: Checkpoint, count: int, progress: Progress, read: Callable[[], float] = time.perf_counter
) -> Found:
    """The target is what TOKENS a step keep on this machine; then the control has to keep it, not knowing TOKENS.

    read: tells the time. On a machine that is not yours alone, time.process_time counts only what this process does.
    """
    server = Server(checkpoint, read)
    progress("what the model can do at most", 0.0)
    server.serve([replace(job, arrival=0.0) for job in at(1.0, 1.0, 6, 9)], TOKENS)  # warms up
    crowd = server.serve([replace(job, arrival=0.0) for job in at(1.0, 1.0, count, 0)], TOKENS)
    target, most = crowd.tail(), len(crowd.ttft) / crowd.seconds
    turns = []
    for number, load in enumerate((0.2, 0.6, 1.2)):
        progress(f"at {load:.0%}, with the control and without", (1 + number) / 6)
        jobs = at(load, most, count, number)
        turns.append((load, server.serve(jobs, 256, target), server.serve(jobs, TOKENS)))
    objective = implementations.load("totals").Objective(16 * target, MARGIN * target)
    many = at(1.5, most, 2 * count, 5)
    progress("too many, first come, first served", 0.8)
    queued = server.serve(many, TOKENS)
    progress("too many, by promise", 0.9)
    return Found(target, most, turns, queued, server.serve(many, TOKENS, promise=objective))
