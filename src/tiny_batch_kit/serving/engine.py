"""Serve requests with the engine of Day 9, in the time of a `Run`."""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from tiny_batch_kit.course import implementations
from tiny_batch_kit.serving.run import Run
from tiny_batch_kit.serving.trace import take_due

TARGET_GAP = 0.4
"""Seconds that a step should last: a promise that a laptop can keep."""
MOST_TOKENS = 256


OnStep = Callable[[Sequence[Any]], None]


def make_engine(run: Run, on_step: OnStep, max_batched_tokens: int | None = None, **scheduling: Any) -> Any:
    """An engine for a run: as many requests at a time as it has slots, as much room as its longest request wants.

    on_step: hears what each slot did. max_batched_tokens: so many tokens a step; None: as many as keep TARGET_GAP.
    scheduling: options of the scheduler.
    """
    load, budget = implementations.load, None
    limits = {"max_running": run.slots, "max_seq_len": max(len(one.ids) + one.limit for one in run.asked)}
    if max_batched_tokens is None:
        budget = load("token_budget").TokenBudget(TARGET_GAP, run.slots, MOST_TOKENS)
    scheduler = load("plan").Scheduler(**limits, max_batched_tokens=max_batched_tokens or MOST_TOKENS, **scheduling)
    runner = load("runner").MlxRunner(run.checkpoint.model, **limits)
    return load("engine").Engine(scheduler, runner, budget=budget, clock=run.clock, on_step=on_step)


def serve_engine(run: Run, max_batched_tokens: int | None = None, **scheduling: Any) -> None:
    """Add each request when it arrives, and step until all have ended. Options: see `make_engine`."""
    rows: list[Any] = []
    engine = make_engine(run, rows.extend, max_batched_tokens, **scheduling)
    request_class = implementations.load("request").Request
    arrivals = deque(run.asked)
    while arrivals or engine.has_work:
        for one in take_due(arrivals, run.clock, idle=not engine.has_work):
            eos = () if run.eos is None else (run.eos,)
            engine.add_request(request_class(one.id, one.ids, one.limit, eos_token_ids=eos, clock=run.clock))
        rows.clear()
        run.recorder.begin()
        with run.clock.working():
            events = engine.step()
        if rows:
            run.recorder.step(_kept(rows, events))
        for event in events:
            note(run, event)
        run.stepped()


def note(run: Run, event: Any) -> None:
    """Tell the run what an event says."""
    slot = next((row.slot for row in run.recorder.last if row.request == event.request_id), None)
    if hasattr(event, "token"):
        run.token(event.request_id, event.token)
    elif hasattr(event, "reason"):
        run.deliver(event.request_id)
        run.recorder.finish(event.request_id, slot, event.reason.value)
    else:
        run.recorder.preempt(event.request_id, slot)


def _kept(rows: Sequence[Any], events: Sequence[Any]) -> list[Any]:
    """The rows with only those tokens as sampled that belong to an answer: EOS does not."""
    tokens = Counter(event.request_id for event in events if hasattr(event, "token"))
    return [replace(row, sampled=tokens[row.request]) for row in rows]
