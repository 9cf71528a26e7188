"""Timelines as a trace that Perfetto opens (https://ui.perfetto.dev): the JSON of Chrome's Trace Event Format.

A timeline is a process. Its first track has a slice for each step; below, each request has a track of its own: a slice
for its whole life, and within it what it did: waiting, reading, decoding. Queue, batch and memory are counters.
Perfetto draws only slices that nest, so all moments are rounded to microseconds before durations are taken. It takes
track 0 for none; the track whose number is the process's own is its main one and stands on top: that of the steps.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from tiny_batch_kit.timeline.events import MOMENTS, Event, Kind, Timeline

TraceEvent = dict[str, Any]
NAMES = {Kind.PREFILL: "reading", Kind.DECODE: "decoding", Kind.WASTED: "wasted"}


def chrome_trace(timelines: Sequence[Timeline]) -> dict[str, Any]:
    """The trace as a JSON object: metadata first, then all events by time, outer slices before inner ones."""
    first = len(timelines) + 1  # track of a request: no process has its number
    events = [event for pid, timeline in enumerate(timelines, start=1) for event in _process(pid, first, timeline)]
    events.sort(key=lambda event: (event["ph"] != "M", event.get("ts", 0), -event.get("dur", 0)))
    return {"traceEvents": events, "displayTimeUnit": "ms"}


def trace_text(timelines: Sequence[Timeline]) -> str:
    """The trace as the text of a file, to be written as UTF-8: Perfetto reads no escapes for what is beyond 16 bits."""
    return json.dumps(chrome_trace(timelines), ensure_ascii=False, separators=(",", ":")) + "\n"


def _process(pid: int, first: int, timeline: Timeline) -> Iterator[TraceEvent]:
    """All events of one timeline; its requests have the tracks from `first` on."""
    tids = {request: number for number, request in enumerate(timeline.requests(), start=first)}
    yield _meta(pid, pid, "process_name", name=timeline.label)
    yield _meta(pid, pid, "process_sort_index", sort_index=pid)
    for tid, name in [(pid, "steps"), *((tid, f"request {request}") for request, tid in tids.items())]:
        yield _meta(pid, tid, "thread_name", name=name)
        yield _meta(pid, tid, "thread_sort_index", sort_index=tid)
    at = _Microseconds(timeline.start)
    rows = dict[int, int]()
    for event in timeline.of(*NAMES):
        rows[event.step] = rows.get(event.step, 0) + 1
    for event in timeline.of(Kind.STEP):
        args = {"tokens": event.tokens, "sampled": event.sampled, "rows": rows.get(event.step, 0)}
        yield at.slice(pid, pid, f"step {event.step}", "step", event.start, event.end, args)
    of = dict[str, list[Event]]()
    for event in timeline.events:
        if event.request is not None:
            of.setdefault(event.request, []).append(event)
    for request, events in of.items():
        yield from _request(at, pid, tids[request], request, events, timeline.end)
    yield from _counters(at, pid, timeline)


class _Microseconds:
    """Moments of a timeline as whole microseconds from its start."""

    def __init__(self, origin: float) -> None:
        self._origin = origin

    def __call__(self, seconds: float) -> int:
        return round(1e6 * (seconds - self._origin))

    def slice(
        self, pid: int, tid: int, name: str, category: str, start: float, end: float, args: dict[str, Any]
    ) -> TraceEvent:
        """A complete event."""
        begin, dur = self(start), self(end) - self(start)
        return {"name": name, "cat": category, "ph": "X", "ts": begin, "dur": dur, "pid": pid, "tid": tid, "args": args}

    def moment(self, pid: int, tid: int, name: str, seconds: float, args: dict[str, Any]) -> TraceEvent:
        """An instant on a track."""
        event = {"name": name, "cat": "request", "ph": "i", "s": "t", "ts": self(seconds), "pid": pid, "tid": tid}
        return {**event, "args": args}


def _request(
    at: _Microseconds, pid: int, tid: int, request: str, events: Sequence[Event], end: float
) -> Iterator[TraceEvent]:
    """A request's life, what it did in it, and the moments."""
    begin = min(event.start for event in events)
    finish = next((event for event in events if event.kind is Kind.FINISH), None)
    # A step may end a hair behind the moment at which its answer was handed out, or before.
    until = max([event.end for event in events]) if finish is not None else end
    args = {"tokens": sum(event.sampled for event in events), "end": finish.note if finish else "still there"}
    yield at.slice(pid, tid, f"request {request}", "request", begin, until, args)
    for name, start, stop, tokens, sampled in _doings(events):
        if name != "waiting" or at(stop) > at(start):
            yield at.slice(pid, tid, name, "row", start, stop, {"tokens": tokens, "sampled": sampled})
    for event in events:
        if event.kind in (Kind.PREEMPT, Kind.FINISH):
            word = "sent back" if event.kind is Kind.PREEMPT else "finished"
            yield at.moment(pid, tid, word, event.start, {"note": event.note} if event.note else {})


def _doings(events: Iterable[Event]) -> Iterator[tuple[str, float, float, int, int]]:
    """(what, from when, until when, tokens, sampled): a wait whenever it has no row for longer than it had none.

    Rows of one kind in steps that follow each other are one.
    """
    open_: list[Any] | None = None  # what it does now, to be prolonged
    waits: float | None = None  # since when it waits in the queue
    for event in events:
        if event.kind in (Kind.ARRIVE, Kind.PREEMPT):
            if open_ is not None:
                yield tuple(open_[:5])
                open_ = None
            waits = event.start
        elif event.kind in NAMES:
            if waits is not None and event.start > waits:
                yield ("waiting", waits, event.start, 0, 0)
            name = NAMES[event.kind]
            if open_ is not None and open_[0] == name and open_[5] == event.step - 1 and waits is None:
                open_[2:] = event.end, open_[3] + event.tokens, open_[4] + event.sampled, event.step
            else:
                if open_ is not None:
                    yield tuple(open_[:5])
                open_ = [name, event.start, event.end, event.tokens, event.sampled, event.step]
            waits = None
        elif event.kind is Kind.FINISH and waits is not None and event.start > waits:
            yield ("waiting", waits, event.start, 0, 0)
            waits = None
    if open_ is not None:
        yield tuple(open_[:5])


def _counters(at: _Microseconds, pid: int, timeline: Timeline) -> Iterator[TraceEvent]:
    """Who waits, who runs, how many tokens a step has, how many are kept: a number whenever one of them changes."""
    state, before = _State(), dict[str, int]()
    events = sorted(timeline.events, key=lambda event: event.start)
    for ts, together in groupby(events, key=lambda event: at(event.start)):
        for event in together:
            state.note(event)
        now = state.numbers
        for counter, value in now.items():
            if before.get(counter) != value:
                args = {"requests" if counter in ("queue", "batch") else "tokens": value}
                yield {"name": counter, "ph": "C", "ts": ts, "pid": pid, "tid": pid, "args": args}
        before = now


class _State:
    """What the counters count, while events go by."""

    def __init__(self) -> None:
        self._waiting, self._running = set[str](), set[str]()
        self._kept = dict[str, int]()  # tokens of those who run; what a prefix cache has given them is not known here
        self._computed = 0

    def note(self, event: Event) -> None:
        """One more event, in order of time."""
        name = event.request or ""
        if event.kind is Kind.STEP:
            self._computed = event.tokens
        elif event.kind in MOMENTS:
            self._running.discard(name)
            self._kept.pop(name, None)
            if event.kind is Kind.FINISH:
                self._waiting.discard(name)
            else:
                self._waiting.add(name)
        elif event.kind in (Kind.PREFILL, Kind.DECODE):
            self._waiting.discard(name)
            self._running.add(name)
            stay = event.tokens if event.kind is Kind.PREFILL else min(event.tokens, max(1, event.sampled))
            self._kept[name] = self._kept.get(name, 0) + stay

    @property
    def numbers(self) -> dict[str, int]:
        """Each counter's value."""
        queue, batch = len(self._waiting), len(self._running)
        return {"queue": queue, "batch": batch, "step": self._computed, "memory": sum(self._kept.values())}


def _meta(pid: int, tid: int, what: str, **args: Any) -> TraceEvent:
    return {"name": what, "ph": "M", "pid": pid, "tid": tid, "ts": 0, "args": args}
