"""Day 9: the engine: requests in, events out, one step at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tiny_batch_kit.machine.clocks import Clock, WallClock
from tiny_batch_kit.timeline.events import Kind
from tiny_batch_kit.timeline.recorder import RowWork

from .plan import Scheduler, StepPlan
from .request import FinishReason, Request
from .runner import Runner
from .token_budget import TokenBudget

OnStep = Callable[[list[RowWork]], None]
"""Called after each step with what each slot did in it: what a timeline is made of."""


@dataclass(frozen=True)
class TokenEvent:
    """A request got a token. text: what is safe to show now, often nothing."""

    request_id: str
    token: int
    text: str


@dataclass(frozen=True)
class PreemptedEvent:
    """A request was sent back to the queue, with the tokens that it has."""

    request_id: str


@dataclass(frozen=True)
class FinishedEvent:
    """A request has ended: its last event. text: what was held back until now. error: what broke.

    Times are seconds by the request's clock; None for what never came (see Request).
    """

    request_id: str
    reason: FinishReason
    text: str
    error: str | None
    queue_time: float | None
    ttft: float | None
    tpot: float | None
    latency: float | None


Event = TokenEvent | PreemptedEvent | FinishedEvent


class Engine:
    """Serves requests with a scheduler that decides and a runner that computes. For one thread."""

    def __init__(
        self,
        scheduler: Scheduler,
        runner: Runner,
        *,
        budget: TokenBudget | None = None,
        clock: Clock | None = None,
        on_step: OnStep | None = None,
    ) -> None:
        """budget: None leaves the scheduler's own number of tokens a step; otherwise it follows `clock`."""
        self.scheduler, self.runner, self.budget = scheduler, runner, budget
        self._clock = clock or WallClock()
        self._on_step = on_step or (lambda rows: None)
        self._requests: dict[str, Request] = {}  # those that have not ended
        self._events: list[Event] = []  # of aborted requests: the next step reports them

    def add_request(self, request: Request) -> None:
        """Queue a request. Raises QueueFull or ValueError, and changes nothing, if it can't be: see Scheduler.add."""
        self.scheduler.add(request)
        self._requests[request.id] = request

    @property
    def has_work(self) -> bool:
        """Whether `step` has anything to do, or to report."""
        return bool(self._requests or self._events)

    def abort(self, request_id: str) -> None:
        """End a request, wherever it is: it is CANCELLED, and holds nothing from now on. The next step reports it.

        Raises ValueError if no such request waits or runs.
        """
        # task 9.5 begin
        self.scheduler.remove(request_id)
        self._events.append(self._end(request_id, FinishReason.CANCELLED))
        # task 9.5 end

    def step(self) -> list[Event]:
        """Plan, run, and hand out the tokens. Returns what has happened since the last step, in order.

        Each request ends with exactly one FinishedEvent, and holds nothing by then. If `_run` raises an Exception,
        the requests of that plan end with ERROR, and all others go on. The budget learns of steps that succeeded, and
        so does `on_step`, before their tokens are handed out.
        """
        # task 9.5 begin
        events, self._events = self._events, []
        plan = self._plan()
        events += [PreemptedEvent(request_id) for request_id in plan.preempted]
        if not plan.work:
            return events
        started = self._clock.now()
        try:
            sampled = self._run(plan)
        except Exception as error:  # whatever it is, only those who were in it are lost
            return events + self._fail(plan, error)
        if self.budget is not None:
            self.budget.observe(plan.num_tokens, self._clock.now() - started)
        self.scheduler.commit(plan)
        self._report(plan, sampled)
        for request_id, tokens in sampled.items():
            events += self._accept(request_id, tokens)
        return events
        # task 9.5 end

    def _plan(self) -> StepPlan:
        """The next plan, with as many tokens as the budget says."""
        if self.budget is not None:
            self.scheduler.max_batched_tokens = max(self.budget.tokens, self.scheduler.max_running)
        return self.scheduler.plan()

    def _run(self, plan: StepPlan) -> Mapping[str, Sequence[int]]:
        """What the runner makes of a plan. RuntimeError if it forgot a request that wants a token."""
        sampled = self.runner.run(plan)
        forgotten = [work.request_id for work in plan.work if work.wanted and not sampled.get(work.request_id)]
        if forgotten:
            raise RuntimeError(f"the runner gave no token to {', '.join(forgotten)}")
        return sampled

    def _accept(self, request_id: str, tokens: Sequence[int]) -> list[Event]:
        """Append a request's new tokens, until it ends; returns the events.

        Text goes with the token that it came with; EOS is no token of the answer, and its text goes with the end. A
        request whose `decode` raises has ended with ERROR, like any other that ends: see Request.
        """
        # task 9.5 begin
        request, events = self._requests[request_id], list[Event]()
        for token in tokens:
            had = len(request.tokens)
            text = request.append_token(token)
            if len(request.tokens) > had:
                events.append(TokenEvent(request_id, token, text))
                text = ""
            if request.is_finished:
                self.scheduler.remove(request_id)
                return [*events, self._ended(request, text)]
        return events
        # task 9.5 end

    def _fail(self, plan: StepPlan, error: Exception) -> list[Event]:
        """End all requests of a plan that broke, with ERROR and the error's type and text: `MemoryError: no room`."""
        # task 9.5 begin
        cause = f"{type(error).__name__}: {error}"
        for work in plan.work:
            self.scheduler.remove(work.request_id)
        return [self._end(work.request_id, FinishReason.ERROR, cause) for work in plan.work]
        # task 9.5 end

    def _end(self, request_id: str, reason: FinishReason, error: str | None = None) -> FinishedEvent:
        """End a request that the scheduler has forgotten already."""
        request = self._requests[request_id]
        return self._ended(request, request.finish(reason, error))

    def _ended(self, request: Request, text: str) -> FinishedEvent:
        """Forget a request that has ended. text: what was held back."""
        del self._requests[request.id]
        assert request.finish_reason is not None
        times = (request.queue_time, request.ttft, request.tpot, request.latency)
        return FinishedEvent(request.id, request.finish_reason, text, request.error, *times)

    def _report(self, plan: StepPlan, sampled: Mapping[str, Sequence[int]]) -> None:
        """Tell `on_step` what each slot did."""
        rows = []
        for work in plan.work:
            kind = Kind.DECODE if work.wanted == len(work.tokens) else Kind.PREFILL
            count = len(sampled.get(work.request_id, ()))
            rows.append(RowWork(work.slot, kind, work.request_id, len(work.tokens), count))
        self._on_step(rows)
