"""Serve a stream of jobs through a scheduler, in virtual time, with somebody who listens as to an engine."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tiny_batch_kit.course import implementations
from tiny_batch_kit.machine.clocks import VirtualClock
from tiny_batch_kit.serving.workloads import Job
from tiny_batch_kit.simulator.cost import CostModel
from tiny_batch_kit.simulator.simulate import REPORT_EVERY, Progress, SimulatedRequest
from tiny_batch_kit.timeline.events import Kind
from tiny_batch_kit.timeline.recorder import RowWork


def simulate_heard(
    jobs: Iterable[Job],
    scheduler: Any,
    cost: CostModel,
    metrics: Any,
    clock: VirtualClock,
    progress: Progress | None = None,
    *,
    limit: int = 0,
) -> None:
    """As `simulate`, but the metrics hear of arrivals, steps and events, as they would from an engine.

    metrics: a BatchingMetrics of this scheduler and this clock, which goes on with each step. Ten times as quick as
    an engine with a runner that only moves the clock: requests have no text, and tokens no value.
    """
    load, stream = implementations.load, iter(jobs)
    waiting_state = load("request").RequestState.WAITING
    make, job, ended = _Events(), next(stream, None), 0
    while job is not None or scheduler.has_work:
        if job is not None and not scheduler.has_work:
            clock.advance_to(max(clock.now(), job.arrival))
        while job is not None and job.arrival <= clock.now():
            request = SimulatedRequest(job, waiting_state, limit)
            scheduler.add(request)
            metrics.on_arrival(request)
            job = next(stream, None)
        plan = scheduler.plan()
        clock.advance(cost.of(plan.work))
        scheduler.commit(plan)
        metrics.on_step([_row(work) for work in plan.work])
        events, now = [make.preempted(request_id) for request_id in plan.preempted], clock.now()
        for work in plan.work:
            request = scheduler.running[work.request_id]
            if request.started < 0:
                # The clock has moved on by the whole step: the queue was left when it began.
                request.started = 0
                make.left(request, now - cost.of(plan.work))
            if not work.wanted:
                continue
            events.append(make.token(request, now))
            if len(request.tokens) == request.output_tokens:
                scheduler.remove(request.id)
                events.append(make.finished(request, now))
                ended += 1
                if progress is not None and ended % REPORT_EVERY == 0:
                    progress(ended)
        metrics.on_events(events)


def _row(work: Any) -> RowWork:
    size = len(work.tokens)
    return RowWork(
        work.slot, Kind.DECODE if size == 1 and work.wanted else Kind.PREFILL, work.request_id, size, work.wanted
    )


class _Events:
    """Makes the events of an engine for simulated requests."""

    def __init__(self) -> None:
        engine = implementations.load("engine")
        self._token, self._preempted, self._finished = engine.TokenEvent, engine.PreemptedEvent, engine.FinishedEvent
        self._reason = implementations.load("request").FinishReason.LENGTH
        self._left: dict[str, float] = {}

    def left(self, request: SimulatedRequest, moment: float) -> None:
        """A request has left the queue for the first time."""
        self._left[request.id] = moment

    def preempted(self, request_id: str) -> Any:
        """A request was sent back."""
        return self._preempted(request_id)

    def token(self, request: SimulatedRequest, now: float) -> Any:
        """A request gets a token."""
        request.tokens.append(0)
        if len(request.tokens) == 1:
            request.first_token = now
        return self._token(request.id, 0, "")

    def finished(self, request: SimulatedRequest, now: float) -> Any:
        """A request has got its last token."""
        rest = len(request.tokens) - 1
        return self._finished(
            request.id,
            self._reason,
            "",
            None,
            self._left.pop(request.id) - request.arrived,
            request.first_token - request.arrived,
            (now - request.first_token) / rest if rest else None,
            now - request.arrived,
        )
