"""Day 13: how many guesses pay. A guess is cheap while the weights are what a step waits for, and only then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tiny_batch_kit.machine.hardware import Hardware
from tiny_batch_kit.model.shapes import ModelShape

from .plan import StepPlan
from .request import Request
from .roofline import kv_bytes_per_token


class GuessControl(Protocol):
    """Says how many guesses each request may make, and hears how many came true."""

    def allot(self, requests: Sequence[Request], spare: int) -> Sequence[int]:
        """For each request that decodes, how many guesses it may make in the step that begins now: 0 or more.

        spare: for how many guesses the step has tokens left, in all. Any more are cut.
        """
        ...

    def stepped(self, plan: StepPlan) -> None:
        """The step that began with the last `allot` has succeeded, just now. This was its plan."""
        ...

    def judged(self, request_id: str, guesses: int, right: int) -> None:
        """A request made `guesses` guesses, at least 1, and `right` of them came true."""
        ...

    def forget(self, request_id: str) -> None:
        """A request has ended. It may never have been seen."""
        ...


class FixedGuesses:
    """The same number of guesses for each, always."""

    def __init__(self, count: int) -> None:
        """Raises ValueError for less than 0."""
        if count < 0:
            raise ValueError(f"{count} guesses: give 0 (none) or more")
        self.count = count

    def allot(self, requests: Sequence[Request], spare: int) -> Sequence[int]:
        """See GuessControl."""
        return [self.count] * len(requests)

    def stepped(self, plan: StepPlan) -> None:
        """See GuessControl: it learns nothing."""

    def judged(self, request_id: str, guesses: int, right: int) -> None:
        """See GuessControl: it learns nothing."""

    def forget(self, request_id: str) -> None:
        """See GuessControl: it knows nothing."""


def expected_tokens(acceptance: float, guesses: int) -> float:
    """How many tokens a step makes of one row, on average, if each guess comes true with probability `acceptance`.

    A guess counts only if all before it came true; and there is one more token than guesses that did. Source:
    Leviathan et al., 2023, "Fast Inference from Transformers via Speculative Decoding", equation 1.
    Raises ValueError unless 0 ≤ acceptance ≤ 1 and guesses ≥ 0.
    """
    if not 0 <= acceptance <= 1 or guesses < 0:
        raise ValueError(f"acceptance {acceptance}, guesses {guesses}: give a probability, and at least 0 guesses")
    raise NotImplementedError("Task 13.6: expected_tokens: see book/src/day-13.md")


def verify_seconds(shape: ModelShape, hardware: Hardware, batch: int, context: int, guesses: int) -> float:
    """Day 1's price of a step in which each of `batch` rows brings its next token and `guesses` guesses.

    Operations: those of Day 1, for every token; each looks at `context` positions, give or take its few neighbours.
    Bytes: the weights once, and each row's keys and values once: its guesses read them together.
    Raises ValueError if `batch` or `context` is below 1, or `guesses` below 0.
    """
    if batch < 1 or context < 1 or guesses < 0:
        raise ValueError(f"batch {batch}, context {context}, guesses {guesses}: give at least 1, 1 and 0")
    raise NotImplementedError("Task 13.6: verify_seconds: see book/src/day-13.md")


def best_guesses(
    shape: ModelShape,
    hardware: Hardware,
    batch: int,
    context: int,
    acceptance: float,
    *,
    most: int = 16,
    draft_seconds: float = 0.0,
) -> int:
    """How many guesses make the most tokens a second, by the roofline: 0 to `most`, of equally good ones the fewest.

    draft_seconds: what each guess of a row costs before it is checked; all rows guess together. Raises ValueError for
    the reasons of `expected_tokens` and `verify_seconds`, or if `most` or `draft_seconds` is below 0.
    """
    if most < 0 or draft_seconds < 0:
        raise ValueError(f"most {most}, draft_seconds {draft_seconds}: give at least 0 of each")
    raise NotImplementedError("Task 13.6: best_guesses: see book/src/day-13.md")
