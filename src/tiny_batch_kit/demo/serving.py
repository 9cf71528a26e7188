"""Serving the demo's prompts: both ways are `static_generate`, with one row or with many."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from tiny_batch_kit.checkpoints import Checkpoint
from tiny_batch_kit.clocks import Clock
from tiny_batch_kit.errors import KitError
from tiny_batch_kit.model import Qwen2
from tiny_batch_kit.prompts import sample
from tiny_batch_kit.timeline.events import Timeline
from tiny_batch_kit.timeline.recorder import Recorder


@dataclass(frozen=True)
class Asked:
    """One prompt as the model gets it: `ids` are its tokens, with the chat template; `limit` new tokens at most."""

    id: str
    name: str
    text: str
    ids: list[int]
    limit: int


@dataclass(frozen=True)
class Served:
    """What one way of serving made: the timeline, and each request's new tokens in the order of the prompts."""

    timeline: Timeline
    tokens: list[list[int]]


class Result(Protocol):
    """The part of Day 2's `StaticResult` that the demo reads."""

    @property
    def tokens(self) -> list[list[int]]:
        """The new tokens of each row."""
        ...


class Generate(Protocol):
    """Day 2's `static_generate`."""

    def __call__(
        self,
        model: Qwen2,
        prompts: Sequence[Sequence[int]],
        max_tokens: int | Sequence[int],
        eos_token_id: int | None,
        on_step: Callable[[list[int | None]], None] | None = None,
    ) -> Result:
        """Answer all prompts as one batch."""
        ...


class Watcher(Protocol):
    """Who is told how it goes; `clock` stands still meanwhile, so that telling costs nothing in the table."""

    def batch(self, group: Sequence[Asked]) -> None:
        """Row i now serves `group[i]`."""
        ...

    def step(self, sampled: Sequence[int | None]) -> None:
        """One step is done."""
        ...


class PausingClock:
    """A wall clock that leaves out the time spent in `paused`: drawing the progress is not serving."""

    def __init__(self, read: Callable[[], float] = time.perf_counter) -> None:
        self._read = read
        self._left_out = read()

    def now(self) -> float:
        """Return the seconds since the clock was made, without the pauses."""
        return self._read() - self._left_out

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let the time inside the `with` block go uncounted."""
        before = self._read()
        try:
            yield
        finally:
            self._left_out += self._read() - before


def ask(checkpoint: Checkpoint, count: int, cap: int | None = None) -> list[Asked]:
    """Return the demo's first `count` prompts, tokenised; no answer longer than `cap` tokens."""
    if cap is not None and cap < 1:
        raise KitError(f"--max-tokens is {cap}: an answer needs at least 1 token.")
    return [
        Asked(
            str(number),
            prompt.name,
            prompt.text,
            checkpoint.tokenizer.chat(prompt.text),
            min(prompt.max_tokens, cap or prompt.max_tokens),
        )
        for number, prompt in enumerate(sample(count), start=1)
    ]


def serve(
    generate: Generate,
    checkpoint: Checkpoint,
    asked: Sequence[Asked],
    rows: int,
    label: str,
    clock: Clock,
    watcher: Watcher,
) -> Served:
    """Answer `asked` in static batches of `rows`, one after another; KitError if a batch lacks answers."""
    if rows < 1:
        raise KitError(f"A batch can't have {rows} rows: give 1 or more.")
    recorder = Recorder(clock, label, slots=min(rows, len(asked)))
    answers: list[list[int]] = []
    for start in range(0, len(asked), rows):
        group = asked[start : start + rows]
        watcher.batch(group)
        record = recorder.static_batch(
            [one.id for one in group],
            prompt_tokens=[len(one.ids) for one in group],
            eos_token_id=checkpoint.eos_token_id,
        )

        def on_step(sampled: list[int | None], record: Callable[[Sequence[int | None]], None] = record) -> None:
            record(sampled)
            watcher.step(sampled)

        limits = [one.limit for one in group]
        prompts = [one.ids for one in group]
        answers += _checked(generate(checkpoint.model, prompts, limits, checkpoint.eos_token_id, on_step), len(group))
    return Served(recorder.timeline(model=checkpoint.name, weights=checkpoint.weights), answers)


def warm_up(generate: Generate, checkpoint: Checkpoint, asked: Sequence[Asked], rows: int) -> None:
    """Run two tokens of each shape that will be timed, so that no way pays for the first use of anything."""
    for size in dict.fromkeys((1, min(rows, len(asked)))):
        generate(checkpoint.model, [one.ids for one in asked[:size]], 2, checkpoint.eos_token_id)


def probe(generate: Generate) -> None:
    """Run `generate` once on a tiny model: an unfilled hole shows here, before a real model is loaded."""
    from tiny_batch_kit.tiny import tiny_random

    generate(tiny_random(), [[1, 2, 3], [4]], 2, None)


def _checked(result: Result, rows: int) -> list[list[int]]:
    tokens = getattr(result, "tokens", None)
    if not isinstance(tokens, list) or len(tokens) != rows:
        got = f"{len(tokens)} lists" if isinstance(tokens, list) else type(tokens).__name__
        raise KitError(
            f"static_generate was given {rows} prompts, but its result's tokens hold {got}: return one list a prompt. "
            "`pdm run test --day 2` shows more."
        )
    return tokens
