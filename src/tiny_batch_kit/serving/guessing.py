"""Serve requests with the engine of Day 13, and watch what comes of its guesses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tiny_batch_kit.course import implementations
from tiny_batch_kit.model.checkpoints import Checkpoint
from tiny_batch_kit.serving.engine import note
from tiny_batch_kit.serving.quotes import Task
from tiny_batch_kit.serving.run import Run
from tiny_batch_kit.serving.trace import Asked
from tiny_batch_kit.timeline.events import Timeline

MOST_TOKENS = 256

MakeProposer = Callable[[Mapping[str, int]], Any]
"""Makes a proposer for limits max_running and max_seq_len."""


@dataclass(frozen=True)
class Guessing:
    """How to guess: who proposes, how much, and (None: the day's `match`) who accepts."""

    proposer: MakeProposer
    control: Any
    acceptance: Any = None


@dataclass(frozen=True)
class Guessed:
    """What came of it. answers: in the order of the requests. seconds: how long the engine worked; steps: how often.

    judged: for each time that a request guessed, how many guesses it made and how many came true. error: why the
    proposer was not asked any more; None if it was.
    """

    answers: list[list[int]]
    seconds: float
    steps: int
    judged: list[tuple[int, int]]
    error: str | None
    timeline: Timeline

    @property
    def tokens_per_second(self) -> float:
        """New tokens a second."""
        return sum(map(len, self.answers)) / self.seconds

    @property
    def acceptance(self) -> float:
        """The share of guesses that came true; 0 without guesses."""
        return sum(right for _, right in self.judged) / max(1, sum(guesses for guesses, _ in self.judged))

    def by_position(self) -> list[tuple[int, float]]:
        """For the first, second … guess of a row: how often it was made, and the share in which it came true.

        A guess comes true only if those before it did.
        """
        longest = max((guesses for guesses, _ in self.judged), default=0)
        made = [sum(guesses > place for guesses, _ in self.judged) for place in range(longest)]
        right = [sum(came > place for _, came in self.judged) for place in range(longest)]
        return [(count, came / count) for count, came in zip(made, right, strict=True)]


class Watched:
    """A control that also notes what it is told."""

    def __init__(self, control: Any) -> None:
        self._control = control
        self.seen: list[tuple[int, int]] = []

    def judged(self, request_id: str, guesses: int, right: int) -> None:
        """See GuessControl."""
        self.seen.append((guesses, right))
        self._control.judged(request_id, guesses, right)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._control, name)


class Serving:
    """An engine with all requests in it, that is served step by step: `rows` at a time, until all have ended.

    Only a limit ends an answer, so that all ways make the same number of tokens.
    """

    def __init__(
        self,
        label: str,
        checkpoint: Checkpoint,
        asked: Sequence[tuple[Asked, Task]],
        rows: int,
        guessing: Guessing | None,
    ) -> None:
        """guessing: None is Day 10's engine, without guesses."""
        load = implementations.load
        self._run = run = Run(label, checkpoint, [one for one, _ in asked], rows, None)
        limits = {"max_running": rows, "max_seq_len": max(len(one.ids) + one.limit for one, _ in asked)}
        self._scheduler, runner, self._control = _parts(checkpoint, limits, guessing)
        self._engine = load("engine").Engine(self._scheduler, runner, clock=run.clock, on_step=run.recorder.step)
        self._steps = 0
        for one, task in asked:
            sampling = load("sampling").SamplingParams(task.temperature, seed=seed_of(one.id))
            request = load("request").Request(one.id, one.ids, one.limit, sampling=sampling, clock=run.clock)
            self._engine.add_request(request)

    @property
    def has_work(self) -> bool:
        """Whether anybody has not ended."""
        return bool(self._engine.has_work)

    @property
    def seconds(self) -> float:
        """How long the engine has worked so far."""
        return self._run.clock.now()

    def step(self) -> None:
        """Take one step; its time counts."""
        self._run.recorder.begin()
        with self._run.clock.working():
            events = self._engine.step()
        self._steps += 1
        for event in events:
            note(self._run, event)

    def served(self) -> Guessed:
        """What has come of it, once all have ended."""
        served, guessed = self._run.served(), self._control is not None
        judged = self._control.seen if guessed else []
        error = self._scheduler.proposer_error if guessed else None
        return Guessed(served.tokens, self.seconds, self._steps, judged, error, served.timeline)


def serve_guessing(
    label: str, checkpoint: Checkpoint, asked: Sequence[tuple[Asked, Task]], rows: int, guessing: Guessing | None
) -> Guessed:
    """Serve requests, all there from the start, in one way: see Serving."""
    return serve_by_turns(checkpoint, asked, rows, {label: guessing})[label]


def serve_by_turns(
    checkpoint: Checkpoint, asked: Sequence[tuple[Asked, Task]], rows: int, ways: Mapping[str, Guessing | None]
) -> dict[str, Guessed]:
    """Serve the same requests in several ways, a step of each by turns: whatever else the machine does hits all alike.

    Next is always the way that has worked least so far.
    """
    servings = {label: Serving(label, checkpoint, asked, rows, guessing) for label, guessing in ways.items()}
    while going := [each for each in servings.values() if each.has_work]:
        min(going, key=lambda each: each.seconds).step()
    return {label: each.served() for label, each in servings.items()}


def seed_of(name: str) -> int:
    """A seed for a request: the same in every process."""
    return sum((place + 1) * byte for place, byte in enumerate(name.encode()))


def _parts(checkpoint: Checkpoint, limits: Mapping[str, int], guessing: Guessing | None) -> tuple[Any, Any, Any]:
    """A scheduler, a runner, and the control of its guesses."""
    load, tokens = implementations.load, {"max_batched_tokens": MOST_TOKENS}
    if guessing is None:
        runner = load("runner").MlxRunner(checkpoint.model, **limits)
        return load("policies").PreemptiveScheduler(**limits, **tokens), runner, None
    control = Watched(guessing.control)
    accepting = {} if guessing.acceptance is None else {"acceptance": guessing.acceptance}
    scheduler = load("speculative").SpeculativeScheduler(guessing.proposer(limits), control=control, **limits, **tokens)
    runner = load("speculative_runner").SpeculativeRunner(checkpoint.model, **limits, **accepting)
    return scheduler, runner, control
