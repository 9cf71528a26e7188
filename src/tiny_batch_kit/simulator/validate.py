"""Is the price list right? The same requests through the same engine, once with the model and once with the list."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tiny_batch_kit.base.progress import Progress
from tiny_batch_kit.course import implementations
from tiny_batch_kit.machine.clocks import VirtualClock
from tiny_batch_kit.model.checkpoints import Checkpoint
from tiny_batch_kit.serving.engine import MOST_TOKENS, TARGET_GAP, serve_engine
from tiny_batch_kit.serving.run import Run
from tiny_batch_kit.serving.trace import Asked, from_jobs, take_due
from tiny_batch_kit.serving.yardsticks import ROWS, WORKLOADS
from tiny_batch_kit.simulator.cost import CostModel


@dataclass(frozen=True)
class Comparison:
    """One workload: tokens a second and the median TTFT in seconds, as predicted and as measured."""

    workload: str
    predicted_speed: float
    measured_speed: float
    predicted_ttft: float
    measured_ttft: float

    @property
    def speed_error(self) -> float:
        """How far the predicted tokens a second are off: 0.1 is 10% too many."""
        return self.predicted_speed / self.measured_speed - 1

    @property
    def ttft_error(self) -> float:
        """How far the predicted median TTFT is off."""
        return self.predicted_ttft / self.measured_ttft - 1


class SimulatedRunner:
    """A runner without a model: each step moves the clock on by what it costs, and every token is 0."""

    def __init__(self, cost: CostModel, clock: VirtualClock) -> None:
        self._cost, self._clock = cost, clock

    def run(self, plan: Any) -> Mapping[str, Sequence[int]]:
        """The clock is later, and whoever wants a token has one."""
        self._clock.advance(self._cost.of(plan.work))
        return {work.request_id: [0] for work in plan.work if work.wanted}


def validate(checkpoint: Checkpoint, cost: CostModel, progress: Progress) -> list[Comparison]:
    """Serve three workloads that were not calibrated on, with the model and with the list."""
    found = []
    chosen = {name: each.jobs for name, each in WORKLOADS.items() if each.rows == ROWS}
    for number, (name, jobs) in enumerate(chosen.items()):
        progress(f"the real engine on {name}", number / len(chosen))
        asked = from_jobs(checkpoint, jobs())
        run = Run(name, checkpoint, asked, ROWS, None)
        serve_engine(run)
        served = run.served()
        speed, ttft = predict(asked, cost)
        measured = sum(map(len, served.tokens)) / run.clock.now()
        found.append(Comparison(name, speed, measured, ttft, float(np.median(served.ttft))))
    return found


def predict(asked: Sequence[Asked], cost: CostModel) -> tuple[float, float]:
    """Tokens a second, and the median TTFT in seconds, of the engine on these requests."""
    load, clock = implementations.load, VirtualClock()
    limits = {"max_running": ROWS, "max_seq_len": max(len(one.ids) + one.limit for one in asked)}
    engine = load("engine").Engine(
        load("plan").Scheduler(**limits, max_batched_tokens=MOST_TOKENS),
        SimulatedRunner(cost, clock),
        budget=load("token_budget").TokenBudget(TARGET_GAP, ROWS, MOST_TOKENS),
        clock=clock,
    )
    arrivals, requests = deque(asked), []
    while arrivals or engine.has_work:
        for one in take_due(arrivals, clock, idle=not engine.has_work):
            requests.append((one, load("request").Request(one.id, one.ids, one.limit, clock=clock)))
            engine.add_request(requests[-1][1])
        engine.step()
    first = [request.token_times[0] - one.arrival for one, request in requests]
    return sum(len(request.tokens) for _, request in requests) / clock.now(), float(np.median(first))
