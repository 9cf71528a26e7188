"""From events to columns of a picture, for a timeline with more spans than can be drawn: who had how much of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tiny_batch_kit.timeline import words
from tiny_batch_kit.timeline.events import Kind, Timeline
from tiny_batch_kit.timeline.spans import Axis, place

STACKED = (Kind.DECODE, Kind.PREFILL, Kind.WASTED)
"""What fills a column, from below; what is left of it is empty slots."""
MOST_SLOTS = 64
"""With more slots than this a row each is too thin to see."""
MOST_ROWS = 32
_GOLDEN = 0.618034  # its multiples leave no two rows near each other


@dataclass(frozen=True)
class SharedRow:
    """A row of the picture: one slot, or several. shares: for each kind, its part of each column's time, 0 to 1."""

    slots: range
    shares: Mapping[Kind, Sequence[float]]

    def total(self, kind: Kind) -> float:
        """The columns, and parts of columns, that a kind fills."""
        return sum(self.shares[kind])

    def sentence(self, columns: float) -> str:
        """What the row shows, in words; columns: how many its timeline is long."""
        first, last = self.slots[0], self.slots[-1]
        who = f"slot {first}" if first == last else f"slots {first} to {last}"
        parts = [f"{words.MEANING[kind]} {self.total(kind) / columns:.0%}" for kind in self.shares if self.total(kind)]
        return f"{who}: {', '.join(parts) or 'empty'} of the time"

    def signs(self, length: float) -> list[Kind | None]:
        """One kind a column, each as often as it has of the time: IDLE is an empty slot, None beyond `length` columns.

        What a column cannot show is kept for the next ones, so a kind with a tenth of the time gets every tenth. Each
        row begins with other debts: else rows of equal shares would look as if they did all at once.
        """
        owed = dict.fromkeys((*STACKED, Kind.IDLE), 0.0)
        owed[Kind.PREFILL] = self.slots.start * _GOLDEN % 1 - 0.5
        owed[Kind.DECODE] = -owed[Kind.PREFILL]
        found = list[Kind | None]()
        for column, parts in enumerate(zip(*(self.shares[kind] for kind in STACKED), strict=True)):
            whole = min(1.0, length - column)
            if whole <= 0:
                found.append(None)
                continue
            for kind, part in zip(owed, (*parts, whole - sum(parts)), strict=True):
                owed[kind] += part
            found.append(max(owed, key=owed.__getitem__))
            owed[found[-1] or Kind.IDLE] -= 1
        return found


def is_crowded(spans: int, slots: int, room: float, narrow: float) -> bool:
    """Whether so many spans can't be drawn one by one.

    That is when they are more than `room`, the picture's width in pixels or cells, and on average less than `narrow` of
    these wide; or when there are too many slots for a row each.
    """
    return slots > MOST_SLOTS or spans > room * max(1.0, slots / narrow)


def slots_a_row(timeline: Timeline) -> int:
    """How many slots share a row, so that there are MOST_ROWS at most."""
    return -(-timeline.slots // MOST_ROWS)


def shared_rows(timeline: Timeline, axis: Axis, end: float, columns: int) -> list[SharedRow]:
    """Return a row for each slot, or for some neighbours together.

    end: how long a time, in the axis' unit, the columns stand for in all.
    """
    size = slots_a_row(timeline)
    groups = [range(first, min(first + size, timeline.slots)) for first in range(0, timeline.slots, size)]
    filled = [{kind: [0.0] * columns for kind in STACKED} for _ in groups]
    for event in timeline.of(*STACKED):
        assert event.slot is not None  # events of these kinds have one
        x0, x1 = place(event, timeline.start, axis)
        _add(filled[event.slot // size][event.kind], x0 * columns / end, x1 * columns / end)
    return [
        SharedRow(slots, {kind: [part / len(slots) for part in parts] for kind, parts in row.items()})
        for slots, row in zip(groups, filled, strict=True)
    ]


def _add(parts: list[float], x0: float, x1: float) -> None:
    """Add a stretch from x0 to x1, in columns, to those that it touches."""
    first, last = int(x0), min(int(x1), len(parts) - 1)
    if first >= last:
        parts[last] += x1 - x0
        return
    parts[first] += first + 1 - x0
    for column in range(first + 1, last):
        parts[column] += 1
    parts[last] += x1 - last
