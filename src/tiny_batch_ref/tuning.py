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
    # task 14.5 begin
    found: list[Point] = []
    for point in sorted(points, key=lambda each: (each.tpot, -each.throughput)):
        if not found or point.throughput > found[-1].throughput:
            found.append(point)
    return found
    # task 14.5 end


def best_under(points: Iterable[Point], objective: Objective) -> Point:
    """The point with the most throughput whose TTFT and TPOT are within the objective, which may be met exactly.

    Of several, the one with the smallest TPOT; of these, the first. Raises ValueError if there is none: it says what
    the smallest TTFT and the smallest TPOT seen are.
    """
    # task 14.5 begin
    tried = list(points)
    kept = [point for point in tried if point.ttft <= objective.ttft and point.tpot <= objective.tpot]
    if not kept:
        ttft = min((point.ttft for point in tried), default=None)
        tpot = min((point.tpot for point in tried), default=None)
        raise ValueError(
            f"no setting of {len(tried)} keeps a TTFT of {objective.ttft} s and a TPOT of {objective.tpot} s; the "
            f"smallest seen are {ttft} and {tpot}: promise less, or take load away"
        )
    return min(kept, key=lambda point: (-point.throughput, point.tpot))
    # task 14.5 end


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
    # task 14.5 begin
    for name, values in (("slots", slots), ("tokens", tokens), ("blocks", blocks)):
        if not values or list(values) != sorted(set(values)):
            raise ValueError(f"{name} is {list(values)}: give at least one number, and in rising order")
    block, found = blocks[len(blocks) // 2], list[Point]()
    row, column = 0, len(tokens) - 1
    while row < len(slots) and column >= 0 and slots[row] <= tokens[column]:
        found.append(measure(Setting(slots[row], tokens[column], block)))
        if found[-1].tpot <= objective.tpot:
            row += 1
        else:
            column -= 1
    try:
        best = best_under(found, objective)
    except ValueError:
        return found
    return found + [measure(replace(best.setting, block=size)) for size in blocks if size != block]
    # task 14.5 end
