"""A timeline as frames: for each step, and each pause between two steps, who is where and who waits."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from tiny_batch_kit.timeline.events import Event, Kind, Timeline

_GAP = 0.002  # a pause shorter than this share of the whole is none


class Doing(IntEnum):
    """What a slot does in a frame."""

    EMPTY = 0
    PREFILL = 1
    DECODE = 2
    WASTED = 3
    HELD = 4  # a request has the slot, and nothing of it is computed


class What(IntEnum):
    """What happens in a frame: arrivals and those sent back at its start, ends at its end."""

    ARRIVES = 0
    SENT_BACK = 1
    FINISHES = 2


@dataclass(frozen=True)
class Cell:
    """One slot in one frame. tokens: read by the model; sampled: kept of what came out."""

    doing: Doing = Doing.EMPTY
    request: str | None = None
    tokens: int = 0
    sampled: int = 0


@dataclass(frozen=True)
class Happening:
    """A moment within a frame; `slot` is None when the request held none."""

    what: What
    request: str
    slot: int | None = None


@dataclass(frozen=True)
class Frame:
    """One step, or a pause (`step` is None). Seconds from the timeline's start.

    cells: one a slot. waiting: who had arrived when it began and holds no slot in it, in order of arrival.
    """

    step: int | None
    start: float
    end: float
    cells: tuple[Cell, ...]
    waiting: tuple[str, ...]
    happenings: tuple[Happening, ...]


_DOING = {Kind.PREFILL: Doing.PREFILL, Kind.DECODE: Doing.DECODE, Kind.WASTED: Doing.WASTED, Kind.IDLE: Doing.HELD}


def frames(timeline: Timeline) -> list[Frame]:
    """Return the frames of a timeline, one behind the other without a gap.

    A request holds its slot from its first row on, until it finishes or is preempted: where it has no row in a step it
    stands still. An idle row with a request says that it has the slot already, before anything of it is computed.
    """
    made, walk = list[Frame](), _Walk(timeline)
    for step, start, end in _stretches(timeline):
        made.append(walk.frame(step, start, end))
    return made


class _Walk:
    """Goes through a timeline once, and remembers who has arrived and who holds what."""

    def __init__(self, timeline: Timeline) -> None:
        self._slots, self._origin = timeline.slots, timeline.start
        self._rows: dict[int, list[Event]] = defaultdict(list)
        self._finished: dict[int, list[Event]] = defaultdict(list)  # by the step at whose end
        self._sent_back: dict[int, list[Event]] = defaultdict(list)  # by the step at whose start
        for event in timeline.events:
            if event.kind in _DOING:
                self._rows[event.step].append(event)
            elif event.kind is Kind.FINISH:
                self._finished[event.step - 1].append(event)
            elif event.kind is Kind.PREEMPT:
                self._sent_back[event.step].append(event)
        self._arrivals = sorted(timeline.of(Kind.ARRIVE), key=lambda event: event.start)
        self._waiting: dict[str, None] = {}
        self._order = {event.request or "": place for place, event in enumerate(self._arrivals)}
        self._holds: dict[int, str] = {}

    def frame(self, step: int | None, start: float, end: float) -> Frame:
        """The next frame."""
        happenings = [*self._arrive(start), *self._send_back(step)]
        cells = [Cell()] * self._slots
        for event in self._rows.get(-1 if step is None else step, ()):
            slot = event.slot or 0
            if event.request is None:
                doing = Doing.WASTED if event.kind is Kind.WASTED else Doing.EMPTY
                cells[slot] = Cell(doing, None, event.tokens if doing else 0)
                continue
            cells[slot] = Cell(_DOING[event.kind], event.request, event.tokens, event.sampled)
            self._waiting.pop(event.request, None)
            if event.kind is not Kind.WASTED:
                self._holds[slot] = event.request
        for slot, request in self._holds.items():
            if cells[slot].request is None:
                cells[slot] = Cell(Doing.HELD, request)
        waiting = tuple(sorted(self._waiting, key=lambda request: self._order.get(request, 0)))
        happenings += self._finish(step)
        return Frame(step, start, end, tuple(cells), waiting, tuple(happenings))

    def _arrive(self, now: float) -> Iterator[Happening]:
        while self._arrivals and self._arrivals[0].start - self._origin <= now + 1e-9:
            request = self._arrivals.pop(0).request or ""
            self._waiting[request] = None
            yield Happening(What.ARRIVES, request)

    def _send_back(self, step: int | None) -> Iterator[Happening]:
        for event in self._sent_back.get(-1 if step is None else step, ()):
            yield Happening(What.SENT_BACK, event.request or "", self._free(event.request))
            self._waiting[event.request or ""] = None

    def _finish(self, step: int | None) -> Iterator[Happening]:
        for event in self._finished.get(-2 if step is None else step, ()):
            self._waiting.pop(event.request or "", None)
            yield Happening(What.FINISHES, event.request or "", self._free(event.request))

    def _free(self, request: str | None) -> int | None:
        slot = next((slot for slot, each in self._holds.items() if each == request), None)
        if slot is not None:
            del self._holds[slot]
        return slot


def _stretches(timeline: Timeline) -> Iterator[tuple[int | None, float, float]]:
    """(step or None, from, to) without gaps; a pause ends where somebody arrives, so that the queue is seen to grow."""
    origin, least = timeline.start, _GAP * (timeline.end - timeline.start)
    arrivals = sorted(event.start - origin for event in timeline.of(Kind.ARRIVE))
    now = 0.0
    for event in timeline.of(Kind.STEP):
        start, end = event.start - origin, event.end - origin
        if start - now > least:
            for moment in (each for each in arrivals if now + least < each < start - least):
                yield None, now, moment
                now = moment
            yield None, now, start
            now = start
        yield event.step, now, end
        now = end
