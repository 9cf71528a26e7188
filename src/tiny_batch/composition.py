"""Day 14: what batches are made of, what keeps requests waiting, and what to do about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tiny_batch_kit.timeline.events import Kind

from .advice import words
from .causes import FEW, LEAST, MOSTLY, Cause, Evidence
from .step_record import StepRecord

WAITS = (Cause.SLOTS, Cause.LONG_PROMPT, Cause.BUDGET, Cause.MEMORY)
"""What can keep a request waiting."""


class Composition(NamedTuple):
    """The tokens that went through the model in one step or in several, by what they were for.

    prefill: of prompts, and of answers that go on elsewhere, for the first time. decode: one for each row that decodes.
    guesses: those that were kept. waste: refused guesses, tokens that were computed before, rows for nobody.
    """

    prefill: int = 0
    decode: int = 0
    guesses: int = 0
    waste: int = 0

    @property
    def shares(self) -> tuple[float, ...]:
        """Each part's share of all, 0 to 1, in the order of the fields; 0 each if there is nothing."""
        total = sum(self)
        return tuple(part / total if total else 0.0 for part in self)

    def plus(self, other: Composition) -> Composition:
        """Both together."""
        return Composition(*(mine + others for mine, others in zip(self, other, strict=True)))


class Finding(NamedTuple):
    """What is wrong, the number that supports it, and a sentence that says both and what to change."""

    evidence: Evidence
    text: str


def compose(record: StepRecord) -> Composition:
    """What a step's tokens were for. The parts add up to all that it computed.

    A DECODE row computes its request's last token and any guesses after it, and all that it sampled but one are
    guesses that were kept. `record.again` is of PREFILL rows. IDLE rows have computed nothing, whatever they say.
    """
    raise NotImplementedError("Task 14.4: compose: see book/src/day-14.md")


def cause_of(record: StepRecord) -> Cause | None:
    """What kept waiting requests from being admitted in this step: one of WAITS; None if none waited.

    If all slots were taken, nothing else matters: SLOTS. Else, if the step had all tokens of its budget, LONG_PROMPT
    if a single PREFILL row had at least MOSTLY of the budget, and BUDGET if none had. Else there was a slot and budget,
    so it must have been MEMORY.
    """
    raise NotImplementedError("Task 14.4: cause_of: see book/src/day-14.md")


def measure(records: Sequence[StepRecord]) -> list[Evidence]:
    """The evidence for each Cause, in their order, whether it is worth mentioning or not: see Evidence.

    Only records with `caching` count for CACHE: what share of their tokens was read, and not found. A share of nothing
    is 0.
    """
    raise NotImplementedError("Task 14.4: measure: see book/src/day-14.md")


def findings(records: Sequence[StepRecord]) -> list[Finding]:
    """What is worth mentioning: the evidence whose share is at least LEAST of its cause, in the order of the causes.

    Without records there is nothing to find, and a share of nothing is no finding. Each sentence is that of `words`.
    """
    raise NotImplementedError("Task 14.4: findings: see book/src/day-14.md")


def sum_of(records: Iterable[StepRecord]) -> Composition:
    """What the tokens of several steps were for."""
    raise NotImplementedError("Task 14.4: sum_of: see book/src/day-14.md")


def tokens_of(record: StepRecord, kind: Kind) -> int:
    """How many tokens the rows of a kind have."""
    return sum(row.tokens for row in record.rows if row.kind is kind)


def rows_of(record: StepRecord, *kinds: Kind) -> int:
    """How many rows are of these kinds."""
    return sum(row.kind in kinds for row in record.rows)


def _waits(cause: Cause, records: Sequence[StepRecord]) -> Evidence:
    """The evidence for one of WAITS."""
    raise NotImplementedError("Task 14.4: _waits: see book/src/day-14.md")


def _longest(record: StepRecord) -> str:
    """The request whose PREFILL row has the most tokens; of equal ones, the first."""
    raise NotImplementedError("Task 14.4: _longest: see book/src/day-14.md")


def _share(cause: Cause, part: int, count: int) -> Evidence:
    return Evidence(cause, part / count if count else 0.0, count)
