"""A server from a student's parts and a model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from math import inf
from typing import Any

from tiny_batch_kit.course import implementations
from tiny_batch_kit.machine.clocks import WallClock
from tiny_batch_kit.model.checkpoints import Checkpoint
from tiny_batch_kit.server.app import make_app
from tiny_batch_kit.server.guard import App, Rules
from tiny_batch_kit.server.metrics import Metrics
from tiny_batch_kit.server.watch import Watch
from tiny_batch_kit.serving.engine import MOST_TOKENS, TARGET_GAP

FIRST_RATE = 200.0
"""Tokens of prompts a second, before any was measured: what a laptop reads."""
BLOCK_SIZE = 16
PAGES = 512
"""8,192 tokens: with SmolLM2 in float32, 380 MB. That most requests are short is what pages are for."""


@dataclass(frozen=True)
class Options:
    """How much a server takes on. pages: of BLOCK_SIZE tokens; None: PAGES, or as many as the slots can ever use.

    max_waiting: requests in the queue. bound: events of a request that may lie unread. stuck_after: seconds.
    ttft: seconds in which a first token is promised; whoever can't have it is refused, and told when to come back.
    None: nothing is promised.
    """

    slots: int = 16
    max_seq_len: int = 2048
    pages: int | None = None
    max_waiting: int = 256
    bound: int = 256
    stuck_after: float = 10.0
    ttft: float | None = None
    rules: Rules = field(default_factory=Rules)


@dataclass(frozen=True)
class Built:
    """A server that is ready to run."""

    app: App
    life: Any
    watch: Watch
    service: Any


class Promising:
    """What turns an engine into one that refuses at once what it can't begin in time: Day 14's promise.

    It is asked where requests are added, on the engine's own thread: nobody else may look at the scheduler.
    """

    promise: Any

    def add_request(self, request: Any) -> None:
        """As Engine.add_request. Raises Day 14's NotInTime, and changes nothing, if the promise can't be kept."""
        self.promise.check(request)
        super().add_request(request)  # type: ignore[misc]


MakeEngine = Callable[[Checkpoint, Options, WallClock], Any]


def build(
    checkpoint: Checkpoint, options: Options | None = None, promise: Any = None, engine_of: MakeEngine | None = None
) -> Built:
    """A server of the implementation that is installed. promise: see `server.Promise`. engine_of: makes an engine."""
    options = options or Options()
    load, clock, watch = implementations.load, WallClock(), Watch(Metrics())

    def make() -> Any:
        engine = (engine_of or make_engine)(checkpoint, options, clock)
        watch.began(engine)
        annotate = getattr(engine.runner, "annotate", lambda event: event)
        thread = load("engine_thread").EngineThread(
            engine, clock=clock, annotate=annotate, on_step=partial(watch.stepped, engine)
        )
        return load("bridge").Bridge(thread, bound=options.bound)

    life = load("life").Life(make, stuck_after=options.stuck_after, clock=clock)
    service = load("server").Service(
        life, checkpoint.tokenizer, model=checkpoint.name, max_seq_len=options.max_seq_len, promise=promise
    )
    return Built(make_app(service, life, watch, load("refusals"), options.rules), life, watch, service)


def make_engine(checkpoint: Checkpoint, options: Options, clock: WallClock) -> Any:
    """The engine of Day 12: pages, prefixes, a budget; its runner also keeps log-probabilities."""
    load = implementations.load
    longest = -(-options.max_seq_len // BLOCK_SIZE)
    pages = options.pages or min(longest * options.slots, max(PAGES, longest + options.slots))
    scheduler = load("paged_kv").PagedScheduler(
        load("block_allocator").BlockAllocator(pages, BLOCK_SIZE),
        max_running=options.slots,
        max_batched_tokens=max(MOST_TOKENS, options.slots),
        max_seq_len=options.max_seq_len,
        max_waiting=options.max_waiting,
    )
    runner_class = type("ServingRunner", (load("logprobs").ScoringRunner, load("paged_runner").PagedRunner), {})
    runner = runner_class(checkpoint.model, num_blocks=pages, block_size=BLOCK_SIZE)
    budget = load("token_budget").TokenBudget(TARGET_GAP, options.slots, max(MOST_TOKENS, options.slots))
    if options.ttft is None:
        return load("engine").Engine(scheduler, runner, budget=budget, clock=clock)
    objective = load("totals").Objective(options.ttft, inf)
    promise = load("promise").Promise(scheduler, objective, FIRST_RATE, clock=clock)
    promising = type("PromisingEngine", (Promising, load("engine").Engine), {})
    engine = promising(scheduler, runner, budget=budget, clock=clock, on_step=promise.on_step)
    engine.promise = promise
    return engine
