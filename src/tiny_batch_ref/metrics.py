"""Day 14: listen to an engine, and count. The engine knows nothing of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy

from tiny_batch_kit.machine.clocks import Clock, WallClock
from tiny_batch_kit.timeline.events import Kind
from tiny_batch_kit.timeline.recorder import RowWork

from .engine import Event, FinishedEvent, PreemptedEvent, TokenEvent
from .plan import Scheduler
from .request import Request
from .step_record import StepReader, StepRecord
from .totals import WHOLE, Objective, Totals

OnRecord = Callable[[StepRecord], None]
"""Hears of each step, with the room that it had."""


class BatchingMetrics:
    """Counts what an engine does, from what it reports anyway: its events, and the rows of its steps.

        engine = Engine(scheduler, runner, clock=clock, on_step=metrics.on_step)
        engine.add_request(request)
        metrics.on_arrival(request)
        metrics.on_events(engine.step())

    What it remembers grows with the requests that are there, not with those that ever came.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        *,
        clock: Clock | None = None,
        objective: Objective | None = None,
        on_record: OnRecord | None = None,
    ) -> None:
        """scheduler: the engine's; it is only read. clock: that of the requests. It watches from now on."""
        self._clock = clock or WallClock()
        self._totals = Totals(objective)
        self._reader = StepReader(scheduler)
        self._on_record = on_record or (lambda record: None)
        self._there = 0  # requests that have come and not ended
        self._token_at: dict[str, float] = {}  # of those that are there: when their last token came
        self._until = self._clock.now()  # what happened before was counted

    def on_arrival(self, request: Request) -> None:
        """A request was added to the engine. It has been there since `request.arrived`, if that is not now."""
        # task 14.2 begin
        now = self._pass()
        self._there += 1
        self._totals.arrived += 1
        self._totals.present += now - request.arrived
        # task 14.2 end

    def on_step(self, rows: Sequence[RowWork]) -> None:
        """A step has run: counts what its rows did, of how many slots, and of how large a budget.

        Of the tokens that a DECODE row computes, one is its request's and the others are guesses; of the tokens that it
        sampled, all but one (none, if it sampled none) are guesses that were kept. WASTED and IDLE rows did nothing for
        any request, but see `record.computed`. Then `on_record` hears of the step.
        """
        # task 14.2 begin
        self._pass()
        record, totals = self._reader.read(rows), self._totals
        totals.steps += 1
        totals.slots += record.slots
        totals.budget += record.budget
        totals.computed += record.computed
        totals.found += record.found
        totals.again += record.again
        for row in rows:
            if row.kind is Kind.PREFILL:
                totals.rows += 1
                totals.read += row.tokens
            elif row.kind is Kind.DECODE:
                totals.rows += 1
                totals.guessed += row.tokens - 1
                totals.accepted += max(0, row.sampled - 1)
        self._on_record(record)
        # task 14.2 end

    def on_events(self, events: Sequence[Event]) -> None:
        """Something has happened, now: counts tokens, preemptions and ends, and how long each took.

        A gap is from one token of a request to its next, whatever happened in between. Of an end, its reason and how
        long it stayed always count, its queue time and TTFT if it has any, its TPOT and its latency only if the answer
        is whole: a caller who gives up after a second was not served in a second.
        """
        # task 14.2 begin
        now = self._pass()
        for event in events:
            if isinstance(event, TokenEvent):
                self._token(event.request_id, now)
            elif isinstance(event, PreemptedEvent):
                self._totals.preemptions += 1
                self._reader.sent_back(event.request_id)
            else:
                self._end(event)
        # task 14.2 end

    def read(self) -> Totals:
        """All that was counted, up to now: a copy, which nothing changes any more."""
        # task 14.2 begin
        self._pass()
        return deepcopy(self._totals)
        # task 14.2 end

    def _pass(self) -> float:
        """Count the time since the last call: as watched, as idle if no request was there, and for each that was.

        Returns the current time, by the clock.
        """
        # task 14.2 begin
        now = self._clock.now()
        passed, self._until = now - self._until, now
        self._totals.seconds += passed
        self._totals.present += passed * self._there
        if not self._there:
            self._totals.idle += passed
        return now
        # task 14.2 end

    def _token(self, request_id: str, now: float) -> None:
        """Count a token of a request."""
        # task 14.2 begin
        self._totals.tokens += 1
        if request_id in self._token_at:
            self._totals.gap.record(now - self._token_at[request_id])
        self._token_at[request_id] = now
        # task 14.2 end

    def _end(self, event: FinishedEvent) -> None:
        """Count the end of a request, and forget it."""
        # task 14.2 begin
        totals = self._totals
        self._there -= 1
        self._token_at.pop(event.request_id, None)
        self._reader.ended(event.request_id)
        totals.ended[event.reason] += 1
        totals.stayed += event.latency or 0.0
        times = [(totals.queue_time, event.queue_time), (totals.ttft, event.ttft)]
        if event.reason in WHOLE:
            times += [(totals.tpot, event.tpot), (totals.latency, event.latency)]
        for histogram, seconds in times:
            if seconds is not None:
                histogram.record(seconds)
        if totals.objective is not None and totals.objective.met(event):
            totals.good += 1
        # task 14.2 end
