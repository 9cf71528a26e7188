"""Serve talks with the engine, with and without a prefix cache, and count what was computed and what was loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tiny_batch_kit.course import implementations
from tiny_batch_kit.model.checkpoints import Checkpoint
from tiny_batch_kit.serving.engine import MOST_TOKENS, TARGET_GAP, note
from tiny_batch_kit.serving.run import Run
from tiny_batch_kit.serving.talks import Talk, Turns, prefix_hits
from tiny_batch_kit.serving.trace import Asked
from tiny_batch_kit.timeline.events import Timeline

BLOCK_SIZE = 16


class Counting:
    """A runner that counts: tokens that went through the model, and blocks that were loaded."""

    def __init__(self, runner: Any) -> None:
        self._runner = runner
        self.computed = self.loads = 0

    def run(self, plan: Any) -> Mapping[str, Sequence[int]]:
        """As the runner."""
        self.computed += plan.num_tokens
        self.loads += len(getattr(plan, "loads", ()))
        found: Mapping[str, Sequence[int]] = self._runner.run(plan)
        return found


@dataclass(frozen=True)
class Talked:
    """What came of it, for each request in the order of arrival; ttft in seconds.

    seconds: how long the engine worked. computed, loaded: tokens, in all.
    """

    prompts: list[Asked]
    answers: list[list[int]]
    ttft: list[float]
    seconds: float
    computed: int
    loaded: int
    timeline: Timeline

    @property
    def tokens_per_second(self) -> float:
        """New tokens a second."""
        return sum(map(len, self.answers)) / self.seconds

    @property
    def share_computed(self) -> float:
        """What of the tokens that had to be there, in prompts and answers, went through the model."""
        return self.computed / (self.computed + self.loaded)

    @property
    def predicted_hits(self) -> int:
        """How many tokens blocks of BLOCK_SIZE would hold if each request came behind the end of the one before."""
        talks = [(one.ids, answer, one.salt) for one, answer in zip(self.prompts, self.answers, strict=True)]
        return sum(prefix_hits(talks, BLOCK_SIZE))


MakeEngine = Callable[[Run, Mapping[str, int]], tuple[Any, Counting]]
"""Makes an engine, and its runner, for limits max_running and max_seq_len."""


def without_cache(run: Run, limits: Mapping[str, int]) -> tuple[Any, Counting]:
    """Day 10's scheduler, which computes everything."""
    load = implementations.load
    runner = Counting(load("runner").MlxRunner(run.checkpoint.model, **limits))
    return _engine(run, load("policies").PreemptiveScheduler(**_limits(limits)), runner), runner


def with_cache(blocks: int) -> MakeEngine:
    """Day 11's scheduler, and a store of so many blocks of BLOCK_SIZE."""

    def make(run: Run, limits: Mapping[str, int]) -> tuple[Any, Counting]:
        load = implementations.load
        cache = load("prefix_cache").PrefixCache(blocks, BLOCK_SIZE)
        store = {"num_blocks": blocks, "block_size": BLOCK_SIZE}
        runner = Counting(load("block_store").CachingRunner(run.checkpoint.model, **limits, **store))
        return _engine(run, load("caching").CachingScheduler(cache, **_limits(limits)), runner), runner

    return make


def _limits(limits: Mapping[str, int]) -> dict[str, int]:
    return {**limits, "max_batched_tokens": MOST_TOKENS}


def _engine(run: Run, scheduler: Any, runner: Counting) -> Any:
    load = implementations.load
    budget = load("token_budget").TokenBudget(TARGET_GAP, MOST_TOKENS, MOST_TOKENS)

    def on_step(rows: Sequence[Any]) -> None:
        run.recorder.step(rows)
        run.recorder.begin()

    return load("engine").Engine(scheduler, runner, budget=budget, clock=run.clock, on_step=on_step)


def serve_talks(
    label: str,
    checkpoint: Checkpoint,
    talks: Sequence[Talk],
    make_engine: MakeEngine,
    slots: int = 16,
    before: Sequence[Talk] = (),
) -> Talked:
    """Serve talks to their ends: a turn comes when the one before it has its answer. No token ends an answer early.

    before: talks that are served first, and that nothing is measured of: what they leave in the store is there.
    """
    run = Run(label, checkpoint, [], slots, None)
    longest = max(talk.longest for talk in [*before, *talks])
    engine, runner = make_engine(run, {"max_running": slots, "max_seq_len": longest})
    _serve(run, engine, before)
    first, computed, loads = len(run.asked), runner.computed, runner.loads
    seconds = _serve(run, engine, talks)
    served = run.served()
    return Talked(
        run.asked[first:],
        served.tokens[first:],
        served.ttft[first:],
        seconds,
        runner.computed - computed,
        BLOCK_SIZE * (runner.loads - loads),
        served.timeline,
    )


def _serve(run: Run, engine: Any, talks: Sequence[Talk]) -> float:
    """Serve talks, whose arrivals count from now; returns for how many seconds the engine worked."""
    request_class, busy, turns = implementations.load("request").Request, 0.0, Turns(talks, run.clock.now())
    while turns.coming or engine.has_work:
        for one in turns.due(run.clock, idle=not engine.has_work):
            run.ask(one)
            engine.add_request(request_class(one.id, one.ids, one.limit, cache_salt=one.salt, clock=run.clock))
        run.recorder.begin()
        started = run.clock.now()
        with run.clock.working():
            events = engine.step()
        busy += run.clock.now() - started
        for event in events:
            note(run, event)
            if hasattr(event, "reason"):
                turns.answered(event.request_id, run.tokens[event.request_id], run.clock.now())
    return busy
