"""Workloads: when requests arrive, how long their prompts are, and how many tokens they want.

Every generator is a pure function of its arguments: the same seed gives the same jobs, on any machine. Jobs come
sorted by arrival, with the ids r0, r1, …
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tiny_batch_kit.base.errors import KitError


@dataclass(frozen=True)
class Job:
    """One request to come: it arrives at `arrival` seconds, with a prompt of so many tokens, and wants so many back."""

    id: str
    arrival: float
    prompt_tokens: int
    output_tokens: int

    def __post_init__(self) -> None:
        if not (math.isfinite(self.arrival) and self.arrival >= 0):
            raise KitError(f"Job {self.id} can't arrive at {self.arrival} s: give a finite time of 0 or more.")
        if self.prompt_tokens < 1 or self.output_tokens < 1:
            raise KitError(
                f"Job {self.id} has {self.prompt_tokens} prompt and {self.output_tokens} output tokens: "
                "give at least 1 of each."
            )

    @property
    def prompt(self) -> Sequence[int]:
        """What stands for the prompt where no model reads it: only its length counts."""
        return range(self.prompt_tokens)

    @property
    def cache_salt(self) -> str:
        """A salt of its own: of tokens that nobody knows, none can be another's."""
        return self.id


@dataclass(frozen=True)
class Lengths:
    """Token counts from `low` to `high`, both possible, each as likely; `Lengths.exactly(n)` for one value."""

    low: int
    high: int

    def __post_init__(self) -> None:
        if not 1 <= self.low <= self.high:
            raise KitError(f"Lengths from {self.low} to {self.high} make no sense: give 1 <= low <= high.")

    @classmethod
    def exactly(cls, tokens: int) -> "Lengths":
        """Return lengths that are all the same."""
        return cls(tokens, tokens)

    def draw(self, rng: np.random.Generator) -> int:
        """Return one length."""
        return int(rng.integers(self.low, self.high + 1))


PROMPTS = Lengths(16, 64)
LONG_PROMPTS = Lengths(256, 1024)
OUTPUTS = Lengths(8, 64)
_STEADY = Lengths.exactly(64)


def all_at_once(count: int, *, prompts: Lengths = PROMPTS, outputs: Lengths = OUTPUTS, seed: int = 0) -> list[Job]:
    """Return `count` jobs that are all there at second 0."""
    return _jobs([0.0] * _whole("count", count), prompts, outputs, np.random.default_rng(seed))


def poisson(
    rate: float, count: int, *, prompts: Lengths = PROMPTS, outputs: Lengths = OUTPUTS, seed: int = 0
) -> list[Job]:
    """Return `count` jobs that arrive at random, `rate` a second on average, each independent of the others."""
    rng = np.random.default_rng(seed)
    gaps = rng.exponential(1 / _positive("rate", rate), size=_whole("count", count))
    return _jobs(np.cumsum(gaps).tolist(), prompts, outputs, rng)


def bursts(
    bursts: int,
    size: int,
    every: float,
    *,
    spread: float = 0.0,
    prompts: Lengths = PROMPTS,
    outputs: Lengths = OUTPUTS,
    seed: int = 0,
) -> list[Job]:
    """Return `bursts` groups of `size` jobs, one group `every` seconds, each within `spread` seconds of its start."""
    if not (math.isfinite(spread) and spread >= 0):
        raise KitError(f"spread is {spread}: give a finite number of seconds, 0 or more.")
    rng = np.random.default_rng(seed)
    starts = np.repeat(np.arange(_whole("bursts", bursts)) * _positive("every", every), _whole("size", size))
    return _jobs(np.sort(starts + rng.uniform(0, spread, starts.size)).tolist(), prompts, outputs, rng)


def chat_mix(
    count: int,
    *,
    rate: float | None = None,
    long_share: float = 0.15,
    short: Lengths = PROMPTS,
    long: Lengths = LONG_PROMPTS,
    outputs: Lengths = OUTPUTS,
    seed: int = 0,
) -> list[Job]:
    """Return `count` chat jobs, mostly with short prompts; `long_share` of them (0 to 1) bring a long one.

    All are there at second 0, or arrive as `poisson` does when `rate` is given.
    """
    if not 0 <= long_share <= 1:
        raise KitError(f"long_share is {long_share}: give a share from 0 to 1.")
    base = all_at_once(count, outputs=outputs, seed=seed)
    if rate is not None:
        base = poisson(rate, count, outputs=outputs, seed=seed)
    rng = np.random.default_rng([seed, 1])
    # Exactly the share, in random places: a small workload shouldn't have no long prompt by bad luck.
    long_ones = set(rng.permutation(count)[: round(count * long_share)].tolist())
    return [
        replace(job, prompt_tokens=(long if index in long_ones else short).draw(rng)) for index, job in enumerate(base)
    ]


def chat_stream(count: int, *, rate: float, seed: int = 0, block: int = 10_000) -> Iterator[Job]:
    """Yield `count` jobs of the chat mix, `rate` a second, a block at a time, so that a million fit in memory."""
    _whole("count", count)
    start = 0.0
    for number in range(math.ceil(count / block)):
        jobs = chat_mix(min(block, count - number * block), rate=rate, seed=seed + number)
        for job in jobs:
            yield replace(job, id=f"{number}.{job.id}", arrival=start + job.arrival)
        start += jobs[-1].arrival


def long_prompt(
    decoders: int = 6,
    *,
    prompt_tokens: int = 1024,
    arrival: float = 1.0,
    followers: int = 3,
    short: Lengths = PROMPTS,
    outputs: Lengths = _STEADY,
    seed: int = 0,
) -> list[Job]:
    """Return `decoders` jobs at second 0, then at `arrival` one with a long prompt and `followers` short ones.

    The first are well into decoding when the long prompt comes: who waits for whom, and how long?
    """
    times = [0.0] * _whole("decoders", decoders)
    times += [_positive("arrival", arrival)] * (1 + _whole("followers", followers, least=0))
    jobs = _jobs(times, short, outputs, np.random.default_rng(seed))
    jobs[decoders] = replace(jobs[decoders], prompt_tokens=_whole("prompt_tokens", prompt_tokens))
    return jobs


def prompt_ids(job: Job, vocab_size: int, seed: int = 0) -> list[int]:
    """Return random token ids (0 ≤ id < `vocab_size`) for the prompt of `job`; other jobs get other ids."""
    rng = np.random.default_rng([seed, *job.id.encode()])
    return [int(i) for i in rng.integers(0, _whole("vocab_size", vocab_size), job.prompt_tokens)]


def _jobs(arrivals: Sequence[float], prompts: Lengths, outputs: Lengths, rng: np.random.Generator) -> list[Job]:
    return [
        Job(f"r{index}", float(arrival), prompts.draw(rng), outputs.draw(rng)) for index, arrival in enumerate(arrivals)
    ]


def _whole(name: str, value: int, least: int = 1) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise KitError(f"{name} is {value!r}: give a whole number of {least} or more.")
    return value


def _positive(name: str, value: float) -> float:
    if not (math.isfinite(value) and value > 0):
        raise KitError(f"{name} is {value!r}: give a finite number above 0.")
    return value
