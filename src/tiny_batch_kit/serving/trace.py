"""Requests to serve: what arrives when, as token ids."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.model.checkpoints import Checkpoint
from tiny_batch_kit.serving.prompts import sample
from tiny_batch_kit.serving.workloads import Job, prompt_ids


@dataclass(frozen=True)
class Asked:
    """One prompt as the model gets it: `ids` are its tokens, `limit` the most new ones, `arrival` in seconds.

    salt: only requests with the same one may share what is stored of them.
    """

    id: str
    name: str
    text: str
    ids: list[int]
    limit: int
    arrival: float = 0.0
    salt: str = ""


def from_prompts(checkpoint: Checkpoint, count: int, cap: int | None = None, every: float = 0.0) -> list[Asked]:
    """The demo's first `count` prompts in the model's chat template, one `every` so many seconds.

    cap: no answer longer than this. Raises KitError for a cap below 1.
    """
    if cap is not None and cap < 1:
        raise KitError(f"--max-tokens is {cap}: an answer needs at least 1 token.")
    return [
        Asked(
            str(number),
            prompt.name,
            prompt.text,
            checkpoint.tokenizer.chat(prompt.text),
            min(prompt.max_tokens, cap or prompt.max_tokens),
            every * (number - 1),
        )
        for number, prompt in enumerate(sample(count), start=1)
    ]


def from_jobs(checkpoint: Checkpoint, jobs: Sequence[Job]) -> list[Asked]:
    """The jobs of a workload with random prompts; their answers end at the limit, since no token is EOS."""
    vocab = checkpoint.model.config.vocab_size
    return [
        Asked(job.id, job.id, "", prompt_ids(job, vocab), job.output_tokens, job.arrival)
        for job in sorted(jobs, key=lambda job: job.arrival)
    ]


class Jumping(Protocol):
    """A clock that can be moved on to a moment."""

    def now(self) -> float:
        """The time in seconds."""
        ...

    def advance_to(self, moment: float) -> float:
        """Move on to `moment`; return the time."""
        ...


def take_due(arrivals: deque[Asked], clock: Jumping, idle: bool) -> list[Asked]:
    """Take out those that have arrived by now. If the server is idle, the clock first jumps to the next arrival."""
    if idle and arrivals:
        clock.advance_to(max(clock.now(), arrivals[0].arrival))
    due = []
    while arrivals and arrivals[0].arrival <= clock.now():
        due.append(arrivals.popleft())
    return due
