"""Serve a stream of jobs through a scheduler, in virtual time."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.course import implementations
from tiny_batch_kit.machine.clocks import VirtualClock
from tiny_batch_kit.serving.workloads import Job
from tiny_batch_kit.simulator.arrivals import Arrivals
from tiny_batch_kit.simulator.cost import CostModel
from tiny_batch_kit.timeline.events import Kind
from tiny_batch_kit.timeline.recorder import RowWork

Progress = Callable[[int], None]
"""Told how many requests have ended."""
OnStep = Callable[[list[RowWork]], None]
"""Called after each step with what each slot did in it, before its tokens are handed out: as the engine does."""
Check = Callable[[Any], None]
"""Called with a request before it is queued; raises QueueFull to refuse it."""
REPORT_EVERY = 2000


class SimulatedRequest:
    """What a scheduler has to know of a request, and no more: a million of them go by."""

    __slots__ = (
        "arrived",
        "cache_salt",
        "first_token",
        "id",
        "max_tokens",
        "num_computed_tokens",
        "output_tokens",
        "prompt",
        "sample_of",
        "sampling",
        "started",
        "state",
        "tokens",
    )

    def __init__(self, job: Job, state: Any, limit: int) -> None:
        self.id, self.prompt, self.output_tokens = job.id, job.prompt, job.output_tokens
        self.max_tokens = max(limit, job.output_tokens)
        self.tokens: list[int] = []
        self.num_computed_tokens = 0
        self.state, self.sampling, self.cache_salt, self.sample_of = state, None, job.cache_salt, None
        self.arrived, self.first_token = job.arrival, 0.0
        self.started = -1

    def advance(self, state: Any) -> None:
        """Go on to `state`."""
        self.state = state


@dataclass
class Simulated:
    """What came of it: for each request, in the order of their ends. Times in virtual seconds.

    tpot: 0 for an answer of one token. ended: when. waited: steps from the arrival to the first admission, in the order
    of admission. refused: how often somebody was sent away; lost: how many of these never came back.
    """

    ttft: list[float] = field(default_factory=list)
    latency: list[float] = field(default_factory=list)
    tpot: list[float] = field(default_factory=list)
    ended: list[float] = field(default_factory=list)
    waited: list[int] = field(default_factory=list)
    prompt_tokens: list[int] = field(default_factory=list)
    output_tokens: list[int] = field(default_factory=list)
    seconds: float = 0.0
    steps: int = 0
    tokens: int = 0
    computed: int = 0  # tokens that went through the model
    rows: int = 0  # in how many steps each request ran, in all
    preemptions: int = 0
    refused: int = 0
    lost: int = 0

    @property
    def tokens_per_second(self) -> float:
        """New tokens a second."""
        return self.tokens / self.seconds if self.seconds else 0.0

    @property
    def at_once(self) -> float:
        """How many requests ran in a step, on average."""
        return self.rows / max(1, self.steps)

    @property
    def wanted(self) -> int:
        """How many tokens would have gone through the model if each had to once: all but the last of each answer."""
        return sum(self.prompt_tokens) + sum(self.output_tokens) - len(self.output_tokens)

    def percentile(self, name: str, share: float) -> float:
        """A percentile (0 to 100) of ttft, tpot, latency or waited; of tpot, over answers of several tokens."""
        values = getattr(self, name)
        if name == "tpot":
            values = [each for each, tokens in zip(values, self.output_tokens, strict=True) if tokens > 1]
        return float(np.percentile(values, share)) if values else 0.0

    def good(self, ttft: float, tpot: float) -> int:
        """How many requests got their first token within `ttft` seconds, and the others within `tpot` on average."""
        return sum(one <= ttft and each <= tpot for one, each in zip(self.ttft, self.tpot, strict=True))

    def goodput(self, ttft: float, tpot: float) -> float:
        """Such requests a second."""
        return self.good(ttft, tpot) / self.seconds if self.seconds else 0.0


def simulate(
    jobs: Iterable[Job],
    scheduler: Any,
    cost: CostModel,
    progress: Progress | None = None,
    *,
    limit: int = 0,
    clock: VirtualClock | None = None,
    on_step: OnStep | None = None,
    check: Check | None = None,
    returns: int = 0,
) -> Simulated:
    """Serve jobs, sorted by arrival, through a scheduler of the student or the reference, until all have ended.

    The scheduler plans each step as it does for the engine; only the runner is replaced by a sum. limit: what callers
    allow at most; they don't know how long an answer becomes, and neither does the scheduler. 0: just as long.
    clock: tells the virtual time to whoever listens. on_step, check: who listens, and who refuses. Whoever is refused,
    here or by the scheduler, comes back after the error's `retry_after` seconds if it has any, `returns` times at most;
    its times then count from its last arrival.
    """
    load = implementations.load
    waiting_state, full = load("request").RequestState.WAITING, load("plan").QueueFull
    found, now = Simulated(), 0.0
    came_at: dict[str, int] = {}
    arrivals = Arrivals(jobs, returns)
    while arrivals.coming or scheduler.has_work:
        if not scheduler.has_work:
            now = max(now, arrivals.next_at)
        while arrivals.next_at <= now:
            job, came = arrivals.take()
            request = SimulatedRequest(job, waiting_state, limit)
            request.arrived = came
            if clock is not None:
                clock.advance_to(now)
            try:
                if check is not None:
                    check(request)
                scheduler.add(request)
                came_at[job.id] = found.steps
            except full as refusal:
                found.refused += 1
                found.lost += not arrivals.again(job, now, refusal)
        if not scheduler.has_work:
            continue
        plan = scheduler.plan()
        if not plan.work:
            raise KitError(f"Nothing runs in step {found.steps + 1}, though requests wait: it would go on forever.")
        now += cost.of(plan.work)
        found.steps += 1
        found.computed += plan.num_tokens
        found.rows += len(plan.work)
        found.preemptions += len(plan.preempted)
        scheduler.commit(plan)
        if clock is not None:
            clock.advance_to(now)
        if on_step is not None:
            on_step(_rows(plan))
        _hand_out(plan, scheduler, found, now, came_at, progress)
    found.seconds = now
    return found


def _rows(plan: Any) -> list[RowWork]:
    """What each slot did, as the engine tells it."""
    return [
        RowWork(
            work.slot,
            Kind.DECODE if len(work.tokens) == 1 and work.wanted else Kind.PREFILL,
            work.request_id,
            len(work.tokens),
            min(1, work.wanted),
        )
        for work in plan.work
    ]


def _hand_out(
    plan: Any, scheduler: Any, found: Simulated, now: float, came_at: dict[str, int], progress: Progress | None
) -> None:
    """Give a token to whoever wants one, and note who has ended."""
    running = scheduler.running
    for work in plan.work:
        request = running[work.request_id]
        if request.started < 0:
            request.started = found.steps
            found.waited.append(found.steps - 1 - came_at.pop(request.id))
        if work.wanted:
            request.tokens.append(0)
            if len(request.tokens) == 1:
                request.first_token = now
            if len(request.tokens) == request.output_tokens:
                scheduler.remove(request.id)
                _note(found, request, now)
                if progress is not None and len(found.ttft) % REPORT_EVERY == 0:
                    progress(len(found.ttft))


def _note(found: Simulated, request: SimulatedRequest, now: float) -> None:
    found.ttft.append(request.first_token - request.arrived)
    found.latency.append(now - request.arrived)
    found.tpot.append((now - request.first_token) / max(1, request.output_tokens - 1))
    found.ended.append(now)
    found.prompt_tokens.append(len(request.prompt))
    found.output_tokens.append(request.output_tokens)
    found.tokens += request.output_tokens
