"""Predict first: where a run is worth a question, and what the choices are. All answers come from the run itself."""

from collections.abc import Sequence
from enum import IntEnum
from itertools import pairwise

from tiny_batch_kit.timeline.frames import Cell, Doing, Frame, What

MOST = 8
APART = 3  # frames between two questions
CHOICES = 4


class Outcome(IntEnum):
    """What a slot does next."""

    GOES_ON = 0
    LAST_TOKEN = 1
    WASTED = 2
    EMPTY = 3
    ENTERS = 4
    STANDS = 5
    SENT_BACK = 6


Question = list[int]
"""[frame, slot, the right outcome, the choices…]: asked while the frame is shown, and answered by the next one."""


def outcome(now: Frame, after: Frame, slot: int) -> Outcome:
    """Return what `slot` does in the frame after this one."""
    before, cell = now.cells[slot], after.cells[slot]
    held = before.request if before.doing is not Doing.WASTED else None
    gone = {each.request for each in after.happenings if each.what is What.SENT_BACK}
    if held is not None and held in gone:
        return Outcome.SENT_BACK
    if cell.doing is Doing.WASTED:
        return Outcome.WASTED
    if cell.doing is Doing.EMPTY:
        return Outcome.EMPTY
    if cell.request != before.request:
        return Outcome.ENTERS
    if cell.doing is Doing.HELD:
        return Outcome.STANDS
    if any(each.what is What.FINISHES and each.request == cell.request for each in after.happenings):
        return Outcome.LAST_TOKEN
    return Outcome.GOES_ON


def questions(shown: Sequence[Frame]) -> list[Question]:
    """Return the questions of a run: rare outcomes before common ones, spread over the run.

    A last token can be told from how many a request wants, and what enters from who waits: nothing is asked that the
    frame before does not show.
    """
    found = [
        (place, slot, outcome(now, after, slot))
        for place, (now, after) in enumerate(pairwise(shown))
        if after.step is not None
        for slot in range(len(now.cells))
    ]
    occur = [which for _, _, which in found]
    asked: list[tuple[int, int, Outcome]] = []
    while found and len(asked) < MOST:
        so_far = [which for _, _, which in asked]
        # What was asked least often; of these what is rarest; of these the first.
        best = min(found, key=lambda each: (so_far.count(each[2]), occur.count(each[2]), each[0], each[1]))
        asked.append(best)
        found = [each for each in found if abs(each[0] - best[0]) >= APART]
    kinds = sorted(set(occur), key=lambda which: (-occur.count(which), which))
    return [
        [place, slot, int(right), *_choices(right, shown[place].cells[slot], kinds)]
        for place, slot, right in sorted(asked)
    ]


def _choices(right: Outcome, cell: Cell, kinds: Sequence[Outcome]) -> list[int]:
    """The right one among those that make sense for a slot: what this run has first, always in one order."""
    if cell.request is None or cell.doing is Doing.WASTED:
        possible = [Outcome.EMPTY, Outcome.ENTERS, Outcome.WASTED]
    else:
        possible = [which for which in Outcome if which is not Outcome.EMPTY] + [Outcome.EMPTY]
    ranked = sorted(possible, key=lambda which: (which is not right, which not in kinds))
    return sorted(map(int, ranked[:CHOICES]))
