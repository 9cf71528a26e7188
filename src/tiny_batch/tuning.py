"""Day 14: slots, tokens a step and block size, found with few measurements."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from .totals import Objective


@dataclass(frozen=True)
class Setting:
    """What can be tuned: slots, tokens a step, and tokens a block of memory."""

    slots: int
    tokens: int
    block: int


@dataclass(frozen=True)
class Point:
    """What was measured with a setting under one load.

    throughput: new tokens a second, of all together. ttft, tpot: seconds that must be promised to keep the promise for
    nearly all, so a high percentile and not a mean.
    """

    setting: Setting
    throughput: float
    ttft: float
    tpot: float


Measure = Callable[[Setting], Point]
"""Serves some load with a setting. It takes long: that is why there is a search."""


def pareto(points: Iterable[Point]) -> list[Point]:
    """The points worth choosing from, the smallest TPOT first: nothing else has more throughput at no more TPOT.

    Nor less TPOT at no less throughput. Of several that are equal in both, only the first that was given.
    """
    raise NotImplementedError("Task 14.5: pareto: see book/src/day-14.md")


def best_under(points: Iterable[Point], objective: Objective) -> Point:
    """The point with the most throughput whose TTFT and TPOT are within the objective, which may be met exactly.

    Of several, the one with the smallest TPOT; of these, the first. Raises ValueError if there is none: it says what
    the smallest TTFT and the smallest TPOT seen are.
    """
    raise NotImplementedError("Task 14.5: best_under: see book/src/day-14.md")


def search(
    measure: Measure, slots: Sequence[int], tokens: Sequence[int], blocks: Sequence[int], objective: Objective
) -> list[Point]:
    """Measure few of all settings, with the best throughput of all among them; in the order of measuring.

    It relies on this: TPOT never falls with more slots or with more tokens a step; and of the settings that keep it,
    more slots or tokens never make throughput less or TTFT more. So only the border counts, and one walk sees it all:
    from the fewest slots and the most tokens, to more slots after a TPOT that is kept, and to fewer tokens
    after one that is not. It ends where either runs out, or where slots are more than tokens, which no scheduler takes.
    The walk has the middle block size (of an even number, the larger of the two). Then the other sizes are measured, in
    their order, with the best setting found; none if no setting keeps the objective. No setting is measured twice.
    At most `len(slots) + len(tokens) + len(blocks) - 2` measurements.

    Raises ValueError if slots, tokens or blocks are empty, or not each above the one before.
    """
    raise NotImplementedError("Task 14.5: search: see book/src/day-14.md")
