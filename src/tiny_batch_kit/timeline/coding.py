"""Frames as compact JSON for the player: what repeats is counted, what changes is noted where it changes.

`player/decode.js` is the other half. A run is an object with

    t      the milliseconds that each frame lasts
    p      the numbers of the frames that are pauses
    cells  the different things that a slot does: [doing, request, tokens, sampled], request -1 for none
    rows   for each slot, [cell, how many frames, cell, how many frames, …]
    w      [frame, [requests]] wherever the queue changes
    e      [frame, what, request, slot] for each happening, slot -1 for none
    n      [frame, sentence's number, request, number, …] for what else is to be said of a frame
    u      [frame, tokens of memory in use] wherever that changes
    m      owners: [kept, users…]; and [frame, page, owner, page, owner, …] wherever pages change hands

Requests are numbers: places in the list of names.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from tiny_batch_kit.timeline.events import Timeline
from tiny_batch_kit.timeline.frames import Frame, frames

Owner = tuple[bool, tuple[str, ...]]
"""What a page is: whether it is kept to be found again, and who uses it. (False, ()): it is free."""
Said = tuple[int, str, int]
"""(number of a sentence, the request it is about, a number)."""


@dataclass(frozen=True)
class Traced:
    """A run, and what a timeline does not say: by step, memory in use, pages, and sentences."""

    timeline: Timeline
    used: Mapping[int, int] = field(default_factory=dict)
    pages: Mapping[int, Sequence[Owner]] = field(default_factory=dict)
    said: Mapping[int, Sequence[Said]] = field(default_factory=dict)
    facts: Mapping[str, int] = field(default_factory=dict)


def encode(traced: Traced, names: Sequence[str]) -> dict[str, Any]:
    """Return a run as the player reads it. names: all requests, in the order of their numbers."""
    number = {name: place for place, name in enumerate(names)}
    shown = frames(traced.timeline)
    cells = dict[tuple[int, int, int, int], int]()
    rows = [
        _counted(
            cells.setdefault(
                (int(cell.doing), number.get(cell.request or "", -1), cell.tokens, cell.sampled), len(cells)
            )
            for cell in column
        )
        for column in zip(*(frame.cells for frame in shown), strict=True)
    ]
    out: dict[str, Any] = {
        "t": _lengths(shown),
        "cells": [list(cell) for cell in cells],
        "rows": rows,
        "w": _changes([number[name] for name in frame.waiting] for frame in shown),
        "e": [
            [place, int(each.what), number[each.request], -1 if each.slot is None else each.slot]
            for place, frame in enumerate(shown)
            for each in frame.happenings
        ],
    }
    if pauses := [place for place, frame in enumerate(shown) if frame.step is None]:
        out["p"] = pauses
    return out | _extras(traced, shown, number)


def _extras(traced: Traced, shown: Sequence[Frame], number: Mapping[str, int]) -> dict[str, Any]:
    out: dict[str, Any] = dict(traced.facts)
    said = [
        [place, *(part for each in traced.said[frame.step] for part in (each[0], number[each[1]], each[2]))]
        for place, frame in enumerate(shown)
        if frame.step is not None and traced.said.get(frame.step)
    ]
    if said:
        out["n"] = said
    if traced.used:
        out["u"] = _changes(_by_step(traced.used, shown, 0))
    if traced.pages:
        out["m"] = _pages(_by_step(traced.pages, shown, ()), number)
    return out


def _by_step(found: Mapping[int, Any], shown: Sequence[Frame], last: Any) -> list[Any]:
    """One entry a frame; a pause has that of the step before it."""
    out = []
    for frame in shown:
        last = found.get(-1 if frame.step is None else frame.step, last)
        out.append(last)
    return out


def _pages(by_frame: Sequence[Sequence[Owner]], number: Mapping[str, int]) -> dict[str, Any]:
    owners: dict[Owner, int] = {(False, ()): 0}
    count = max(map(len, by_frame), default=0)
    before, changes = [0] * count, list[list[int]]()
    for place, pages in enumerate(by_frame):
        now = [owners.setdefault(owner, len(owners)) for owner in pages] or before
        if moved := [part for page in range(count) if now[page] != before[page] for part in (page, now[page])]:
            changes.append([place, *moved])
        before = now
    plain = [[int(kept), *(number[user] for user in users)] for kept, users in owners]
    return {"count": count, "owners": plain, "changes": changes}


def _lengths(shown: Sequence[Frame]) -> list[int]:
    """Milliseconds of each frame, rounded so that they add up to the whole."""
    ends = [round(1000 * frame.end) for frame in shown]
    return [end - start for start, end in zip([0, *ends], ends, strict=False)]


def _counted(values: Iterable[int]) -> list[int]:
    return [part for value, same in groupby(values) for part in (value, len(list(same)))]


def _changes(values: Iterable[Any]) -> list[list[Any]]:
    """[frame, value] wherever the value is another than before."""
    out, before = list[list[Any]](), object()
    for place, value in enumerate(values):
        if value != before:
            out.append([place, value])
        before = value
    return out
