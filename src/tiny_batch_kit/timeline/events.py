"""One schema for what happened in a run: which slot did what, for whom, and when.

A `Timeline` is a label, a number of slots (the rows of the picture) and a list of events. It is kept as JSON lines:
a header, then one event a line. Every way of serving, from one prompt at a time to a paged engine, writes this form,
so every picture and every table can read it.
"""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from tiny_batch_kit.base.errors import KitError

VERSION = 1
_HEADER_KEY = "tiny-batch-timeline"
_WHAT_TO_GIVE = "Give a file that `demo` or `bench` wrote."


class Kind(StrEnum):
    """What an event is: one forward pass, a row's share of it, or a moment in a request's life."""

    STEP = "step"  # one forward pass of the model, all rows together
    PREFILL = "prefill"  # a row read tokens of its prompt in this step
    DECODE = "decode"  # a row read its last token and sampled the next
    WASTED = "wasted"  # a row was computed and its result thrown away: a bubble
    IDLE = "idle"  # a slot known to be empty; a gap in a slot's row means the same
    ARRIVE = "arrive"
    FINISH = "finish"
    PREEMPT = "preempt"


ROW_KINDS = frozenset({Kind.PREFILL, Kind.DECODE, Kind.WASTED, Kind.IDLE})
MOMENTS = frozenset({Kind.ARRIVE, Kind.FINISH, Kind.PREEMPT})


@dataclass(frozen=True)
class Event:
    """One thing that happened, from `start` to `end` (seconds; equal for a moment).

    `step` is the number of the forward pass for a step and its rows; for a moment, how many steps had run by then.
    `tokens` were read by the model, `sampled` came out of it and were kept. `note` is free text, such as why a
    request finished. KitError when the parts don't fit together.
    """

    kind: Kind
    start: float
    end: float
    step: int
    slot: int | None = None
    request: str | None = None
    tokens: int = 0
    sampled: int = 0
    note: str = ""

    def __post_init__(self) -> None:
        problem = _problem(self)
        if problem:
            raise KitError(f"This is not a timeline event: {problem}.")

    def to_json(self) -> dict[str, object]:
        """Return the event as a JSON object; what is at its default is left out."""
        out: dict[str, object] = {"kind": str(self.kind), "start": self.start, "end": self.end, "step": self.step}
        for name in ("slot", "request"):
            if getattr(self, name) is not None:
                out[name] = getattr(self, name)
        for name in ("tokens", "sampled", "note"):
            if getattr(self, name):
                out[name] = getattr(self, name)
        return out

    @classmethod
    def from_json(cls, data: object) -> "Event":
        """Return the event that a JSON object describes; KitError says which key is missing, unknown or wrong."""
        if not isinstance(data, dict):
            raise KitError(f"A timeline event is a JSON object, not {type(data).__name__}.")
        unknown = sorted(set(data) - _TYPES.keys())
        if unknown:
            raise KitError(f"A timeline event has no key {unknown[0]!r}; it knows {', '.join(_TYPES)}.")
        for name in ("kind", "start", "end", "step"):
            if name not in data:
                raise KitError(f"A timeline event needs the key {name!r}.")
        for name, value in data.items():
            if isinstance(value, bool) or not isinstance(value, _TYPES[name]):
                raise KitError(f"A timeline event's {name!r} can't be {value!r}.")
        if data["kind"] not in set(Kind):
            raise KitError(f"A timeline event's kind can't be {data['kind']!r}; it is one of {', '.join(Kind)}.")
        return cls(**{**data, "kind": Kind(data["kind"]), "start": float(data["start"]), "end": float(data["end"])})


_TYPES: dict[str, tuple[type, ...]] = {
    "kind": (str,),
    "start": (int, float),
    "end": (int, float),
    "step": (int,),
    "slot": (int,),
    "request": (str,),
    "tokens": (int,),
    "sampled": (int,),
    "note": (str,),
}


def _problem(event: Event) -> str:
    """Return what is wrong with `event`, or an empty string."""
    if not (math.isfinite(event.start) and math.isfinite(event.end)):
        return f"its times {event.start} and {event.end} must be finite seconds"
    if event.end < event.start:
        return f"it ends at {event.end} s, before it starts at {event.start} s"
    if min(event.step, event.tokens, event.sampled) < 0 or (event.slot is not None and event.slot < 0):
        return "step, slot, tokens and sampled can't be negative"
    if event.kind in ROW_KINDS and event.slot is None:
        return f"a {event.kind} event needs a slot"
    if event.kind in (Kind.PREFILL, Kind.DECODE) and event.request is None:
        return f"a {event.kind} event needs a request"
    if event.kind in MOMENTS and event.request is None:
        return f"a {event.kind} event needs a request"
    if event.kind in MOMENTS and event.end != event.start:
        return f"a {event.kind} event is a moment, so its end must equal its start"
    return ""


@dataclass(frozen=True)
class Timeline:
    """What one run did: its label, how many slots it had, its events in the order they happened, and loose facts."""

    label: str
    slots: int
    events: tuple[Event, ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        highest = max((e.slot for e in self.events if e.slot is not None), default=-1)
        if self.slots < 1 or highest >= self.slots:
            raise KitError(
                f"The timeline {self.label!r} says it has {self.slots} slots, but its highest slot is {highest}: "
                f"give at least {max(highest + 1, 1)}."
            )

    @cached_property
    def start(self) -> float:
        """The earliest moment of the run, in seconds (0.0 when nothing happened)."""
        return min((e.start for e in self.events), default=0.0)

    @cached_property
    def end(self) -> float:
        """The latest moment of the run, in seconds (0.0 when nothing happened)."""
        return max((e.end for e in self.events), default=0.0)

    def of(self, *kinds: Kind) -> Iterator[Event]:
        """Yield the events of these kinds, in order."""
        return (e for e in self.events if e.kind in kinds)

    def requests(self) -> list[str]:
        """Return the request ids in the order in which they first appear."""
        return list(dict.fromkeys(e.request for e in self.events if e.request is not None))


def write_jsonl(timeline: Timeline, path: Path) -> Path:
    """Write `timeline` as JSON lines and return `path`; the folder is made when it is missing."""
    header = {_HEADER_KEY: VERSION, "label": timeline.label, "slots": timeline.slots, "facts": dict(timeline.facts)}
    lines: Iterable[object] = [header, *(event.to_json() for event in timeline.events)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def read_jsonl(path: Path) -> Timeline:
    """Return the timeline in `path`; KitError with the line number when the file or a line of it can't be read."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise KitError(f"{path} can't be read as a timeline: {error}. {_WHAT_TO_GIVE}") from error
    header = _parse(path, 1, lines[0])
    if not isinstance(header, dict) or _HEADER_KEY not in header:
        raise KitError(f"{path}, line 1: no timeline header. {_WHAT_TO_GIVE}")
    if header[_HEADER_KEY] != VERSION:
        raise KitError(
            f"{path}, line 1: timeline version {header[_HEADER_KEY]!r}, but this course reads version {VERSION}. "
            "Make the file again."
        )
    events = []
    for number, line in enumerate(lines[1:], start=2):
        if line.strip():
            data = _parse(path, number, line)
            try:
                events.append(Event.from_json(data))
            except KitError as error:
                raise KitError(f"{path}, line {number}: {error}") from error
    return _timeline(path, header, tuple(events))


def _parse(path: Path, number: int, line: str) -> object:
    try:
        return json.loads(line)
    except ValueError as error:
        raise KitError(f"{path}, line {number}: not JSON ({error}). Was the file cut off? Make it again.") from error


def _timeline(path: Path, header: dict[str, object], events: tuple[Event, ...]) -> Timeline:
    label, slots, facts = header.get("label"), header.get("slots"), header.get("facts", {})
    if not isinstance(label, str) or type(slots) is not int or not isinstance(facts, dict):
        raise KitError(f"{path}, line 1: the header needs a label (text), slots (a whole number), facts (an object).")
    try:
        return Timeline(label, slots, events, facts)
    except KitError as error:
        raise KitError(f"{path}, line 1: {error}") from error
