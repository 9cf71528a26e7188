"""Run batches, batchers and schedulers of the course in virtual time, by the prices of the book's machine."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from tiny_batch_kit.course import implementations
from tiny_batch_kit.machine.clocks import VirtualClock
from tiny_batch_kit.model.tiny import tiny_random
from tiny_batch_kit.serving.workloads import Job, prompt_ids
from tiny_batch_kit.simulator import cost
from tiny_batch_kit.simulator.simulate import SimulatedRequest
from tiny_batch_kit.timeline.events import Kind
from tiny_batch_kit.timeline.recorder import Recorder, RowWork

Look = Callable[[int, Any], None]
"""Called with a step's number and its plan, when the plan is committed and before its tokens are handed out."""


class Priced(NamedTuple):
    """A part of a pass, as a price list wants it."""

    tokens: range
    start: int
    wanted: int


class Stage:
    """A virtual clock, a recorder that reads it, and prices: seconds of a pass, rounded to milliseconds."""

    def __init__(self, label: str, slots: int, jobs: Sequence[Job]) -> None:
        self.clock = VirtualClock()
        self.recorder = Recorder(self.clock, label, slots)
        self.prices = cost.load(cost.BOOKS)
        self.jobs = jobs
        for job in jobs:
            self.recorder.arrive(job.id, at=job.arrival)

    def spend(self, parts: Sequence[Any]) -> None:
        """Let the time of a pass go by."""
        self.clock.advance(round(self.prices.of(parts), 3))

    def due(self, coming: deque[Job], idle: bool) -> list[Job]:
        """Take out who has arrived; if idle, the clock first jumps to the next arrival."""
        if idle and coming:
            self.clock.advance_to(max(self.clock.now(), coming[0].arrival))
        due = []
        while coming and coming[0].arrival <= self.clock.now():
            due.append(coming.popleft())
        return due


def static_batch(stage: Stage, jobs: Sequence[Job]) -> None:
    """Serve some jobs as one static batch, with Day 2's code on a tiny model."""
    model = tiny_random()
    prompts = [prompt_ids(job, model.config.vocab_size) for job in jobs]
    width = max(map(len, prompts))
    record = stage.recorder.static_batch([job.id for job in jobs], prompt_tokens=[len(each) for each in prompts])
    steps = 0

    def on_step(sampled: Sequence[int | None]) -> None:
        nonlocal steps
        size, start = (width, 0) if steps == 0 else (1, width + steps - 1)
        stage.spend([Priced(range(size), start, 1) for _ in jobs])
        record(sampled)
        steps += 1

    limits = [job.output_tokens for job in jobs]
    implementations.load("static").static_generate(model, prompts, limits, None, on_step=on_step)


def batcher(stage: Stage, module: str, name: str, slots: int, chunk: int) -> None:
    """Serve a stage's jobs with the batcher of Day 7 or 8 on a tiny model."""
    request_class, model = implementations.load("request").Request, tiny_random()
    slot_of: dict[str, int] = {}
    begun: set[str] = set()

    def on_step(rows: Sequence[RowWork]) -> None:
        running = made.running
        parts = []
        for row in rows:
            at = running[row.slot].num_computed_tokens if row.slot in running else 0
            parts.append(Priced(range(row.tokens), max(0, at - row.tokens), min(1, row.sampled)))
        stage.spend(parts)
        seen = {row.slot for row in rows if row.request is not None}
        begun.update(row.request for row in rows if row.request is not None)
        slot_of.update({request.id: slot for slot, request in running.items()})
        stage.recorder.step(
            [row for row in rows if row.slot in seen or row.slot not in running]
            + [_held(slot, each.id) for slot, each in running.items() if slot not in seen and each.id not in begun]
        )
        stage.recorder.begin()

    def on_token(request: Any, text: str) -> None:
        if request.is_finished:
            stage.recorder.finish(request.id, slot_of.get(request.id))

    longest = max(job.prompt_tokens + job.output_tokens for job in stage.jobs)
    options = {"max_seq_len": longest, "batch_size": slots, "on_token": on_token, "on_step": on_step}
    made = getattr(implementations.load(module), name)(model, prefill_step=chunk, **options)
    coming = deque(stage.jobs)
    while coming or made.has_work:
        for job in stage.due(coming, idle=not made.has_work):
            ids = prompt_ids(job, model.config.vocab_size)
            made.submit(request_class(job.id, ids, job.output_tokens, clock=stage.clock))
        stage.recorder.begin()
        made.step()


def scheduler(stage: Stage, made: Any, limit: int = 0, look: Look | None = None) -> None:
    """Serve a stage's jobs through a scheduler of Day 9 to 12. limit: the new tokens that callers allow; 0: as many as
    each answer has.
    """
    waiting = implementations.load("request").RequestState.WAITING
    coming, step = deque(stage.jobs), 0
    while coming or made.has_work:
        for job in stage.due(coming, idle=not made.has_work):
            made.add(SimulatedRequest(job, waiting, limit))
        stage.recorder.begin()
        plan = made.plan()
        for request_id in plan.preempted:
            stage.recorder.preempt(request_id)
        stage.spend(plan.work)
        made.commit(plan)
        if look is not None:
            look(step, plan)
        seen = {work.request_id for work in plan.work}
        held = [_held(slot, request_id) for request_id, slot in made.slot_of.items() if request_id not in seen]
        stage.recorder.step([*map(_row, plan.work), *held])
        _hand_out(stage, made, plan)
        step += 1


def _hand_out(stage: Stage, made: Any, plan: Any) -> None:
    for work in plan.work:
        request = made.running[work.request_id]
        if work.wanted:
            request.tokens.append(0)
            if len(request.tokens) == request.output_tokens:
                made.remove(request.id)
                stage.recorder.finish(request.id, work.slot)


def _row(work: Any) -> RowWork:
    kind = Kind.DECODE if len(work.tokens) == 1 and work.wanted else Kind.PREFILL
    return RowWork(work.slot, kind, work.request_id, len(work.tokens), min(1, work.wanted))


def _held(slot: int, request_id: str) -> RowWork:
    """It has the slot, and nothing of it is computed."""
    return RowWork(slot, Kind.IDLE, request_id, 0)


def owners(pages: Mapping[int, Any], count: int) -> list[tuple[bool, tuple[str, ...]]]:
    """Owners of pages 0 to `count` - 1; those that are not named are free."""
    return [pages.get(page, (False, ())) for page in range(count)]
