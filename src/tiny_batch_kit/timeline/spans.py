"""From events to what a picture needs: merged spans and moments, on an axis of seconds or of steps."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tiny_batch_kit.timeline.events import MOMENTS, ROW_KINDS, Event, Kind, Timeline

# Steps that follow each other within this share of the whole run are drawn as one span.
_GAP = 0.002


class Axis(StrEnum):
    """What runs along a picture's width."""

    SECONDS = "seconds"
    STEPS = "steps"


@dataclass(frozen=True)
class Span:
    """One stretch of one slot doing one thing for one request; `x0` and `x1` are in the axis' unit, from 0."""

    slot: int
    kind: Kind
    request: str | None
    x0: float
    x1: float
    steps: int
    sampled: int


@dataclass(frozen=True)
class Mark:
    """One moment in a request's life; `slot` is None when it held none."""

    kind: Kind
    request: str
    slot: int | None
    x: float
    note: str


def extent(timelines: Sequence[Timeline], axis: Axis) -> float:
    """Return the length of the longest timeline, in the axis' unit; 1.0 when nothing happened."""
    return max((length(t, axis) for t in timelines), default=1.0) or 1.0


def length(timeline: Timeline, axis: Axis) -> float:
    """Return how long `timeline` is, in the axis' unit."""
    if axis is Axis.SECONDS:
        return timeline.end - timeline.start
    return float(max((e.step + (e.kind not in MOMENTS) for e in timeline.events), default=0))


def spans(timeline: Timeline, axis: Axis) -> list[Span]:
    """Return what each slot did, with steps in a row of the same kind for the same request merged into one."""
    origin = timeline.start
    gap = _GAP * length(timeline, Axis.SECONDS) if axis is Axis.SECONDS else 1e-9
    done: list[list[Any]] = []  # what a span is made of: there may be many more events than spans
    last: dict[int, list[Any]] = {}  # slot -> its latest span
    for event in timeline.events:
        slot, kind, request = event.slot, event.kind, event.request
        if slot is None or kind not in ROW_KINDS:
            continue
        x0, x1 = place(event, origin, axis)
        latest = last.get(slot)
        if latest and latest[1] is kind and latest[2] == request and abs(x0 - latest[4]) <= gap:
            latest[4:] = x1, latest[5] + 1, latest[6] + event.sampled
        else:
            last[slot] = [slot, kind, request, x0, x1, 1, event.sampled]
            done.append(last[slot])
    return [Span(*parts) for parts in done]


def marks(timeline: Timeline, axis: Axis) -> list[Mark]:
    """Return the arrivals, finishes and preemptions; one without a slot gets the slot that its request last held."""
    origin, held = timeline.start, dict[str, int]()
    found = []
    for event in timeline.events:
        if event.request is not None and event.slot is not None:
            held[event.request] = event.slot
        if event.kind in MOMENTS and event.request is not None:
            slot = None if event.kind is Kind.ARRIVE else held.get(event.request)
            found.append(Mark(event.kind, event.request, slot, place(event, origin, axis)[0], event.note))
    return found


def step_borders(timeline: Timeline, axis: Axis) -> list[float]:
    """Return where each step after the first begins."""
    origin = timeline.start
    return [place(event, origin, axis)[0] for event in timeline.of(Kind.STEP)][1:]


def ticks(end: float, at_most: int, whole: bool = False) -> list[float]:
    """Return round numbers from 0 to `end`, at most `at_most` + 1 of them; whole numbers when `whole`."""
    if end <= 0:
        return [0.0]
    size = 10.0**-9
    while True:
        for factor in (1, 2, 5):
            step = size * factor
            if end / step <= at_most and (not whole or step >= 0.999):
                step = round(step) if whole else step
                return [round(i * step, 12) for i in range(int(end / step + 1e-9) + 1)]
        size *= 10


def short_names(requests: Sequence[str]) -> dict[str, str]:
    """Return a name of a few characters for each request: its id when that is short, else its number from 1."""
    if all(len(request) <= 3 for request in requests):
        return {request: request for request in requests}
    return {request: str(number) for number, request in enumerate(requests, start=1)}


def all_requests(timelines: Sequence[Timeline]) -> list[str]:
    """Return the requests of all timelines together, in the order in which they first appear."""
    return list(dict.fromkeys(request for timeline in timelines for request in timeline.requests()))


def place(event: Event, origin: float, axis: Axis) -> tuple[float, float]:
    """Return where `event` begins and ends, in the axis' unit; origin: the timeline's start in seconds."""
    if axis is Axis.SECONDS:
        return event.start - origin, event.end - origin
    return float(event.step), float(event.step + (event.kind not in MOMENTS))
