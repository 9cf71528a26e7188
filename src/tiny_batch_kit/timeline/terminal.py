"""Timelines in the terminal: a line a slot, on one scale, readable with and without colour."""

import math
from collections.abc import Iterator, Sequence

from rich.columns import Columns
from rich.console import Console, ConsoleOptions, RenderResult
from rich.style import Style
from rich.text import Text

from tiny_batch_kit.timeline import words
from tiny_batch_kit.timeline.events import Kind, Timeline
from tiny_batch_kit.timeline.palette import ON_PALETTE, PALETTE, colour_of
from tiny_batch_kit.timeline.shares import STACKED, is_crowded, shared_rows, slots_a_row
from tiny_batch_kit.timeline.spans import (
    Axis,
    Mark,
    Span,
    all_requests,
    extent,
    length,
    marks,
    short_names,
    spans,
    ticks,
)

_NARROW = 2  # cells: when spans are so short on average, they are drawn together
_UNICODE = dict(zip(Kind, "|▒█░·▼●◆", strict=True))
_ASCII = dict(zip(Kind, "|%=x.v]!", strict=True))
_WASTED = Style(color="#8a8a8a")
_DIM = Style(dim=True)
_SHARED = {Kind.DECODE: Style(color=PALETTE[0]), Kind.PREFILL: Style(color=PALETTE[4]), Kind.WASTED: _WASTED}


class TerminalTimelines:
    """A rich renderable: `console.print(TerminalTimelines([one, other]))`, all on the scale of the longest."""

    def __init__(
        self, timelines: Sequence[Timeline], axis: Axis | str = Axis.SECONDS, width: int | None = None
    ) -> None:
        self._timelines = list(timelines)
        self._axis = Axis(axis)
        self._width = width
        self._end = extent(self._timelines, self._axis)
        requests = all_requests(self._timelines)
        self._colours, self._names = colour_of(requests), short_names(requests)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the lines, as wide as the console (or as `width`, when that is less)."""
        signs = _ASCII if options.ascii_only else _UNICODE
        width = max(30, min(options.max_width, self._width or 120))
        kinds = set[Kind]()
        for timeline in self._timelines:
            yield Text(timeline.label, style="bold", no_wrap=True, overflow="ellipsis")
            facts = words.facts_line(timeline, self._axis)
            yield Text(facts.replace("·", "|") if options.ascii_only else facts, style="dim")
            yield from self._panel(timeline, width, signs, kinds)
            yield Text()
        yield self._legend(signs, kinds)

    def _panel(self, timeline: Timeline, width: int, signs: dict[Kind, str], kinds: set[Kind]) -> RenderResult:
        """The lines of one timeline; what they show is added to `kinds`."""
        gutter = len(f"slot {timeline.slots - 1} ") if width >= 50 else len(f"{timeline.slots - 1} ")
        cells = width - gutter
        drawn, found = spans(timeline, self._axis), marks(timeline, self._axis)
        arrivals = [mark for mark in found if mark.kind is Kind.ARRIVE]
        if arrivals:
            yield Text(" " * gutter) + self._arrivals(arrivals, cells, signs[Kind.ARRIVE])
        crowded = is_crowded(len(drawn), timeline.slots, cells, _NARROW)
        kinds |= {event.kind for event in timeline.events} & {*STACKED, Kind.ARRIVE, *(() if crowded else Kind)}
        rows = (
            self._shared_rows(timeline, cells, signs) if crowded else self._rows(timeline, drawn, found, cells, signs)
        )
        for slot, row in rows:
            name = f"slot {slot} " if width >= 50 else f"{slot} "
            yield Text(name.rjust(gutter), style="dim", no_wrap=True, overflow="crop") + row
        yield Text(" " * gutter) + self._scale(cells)
        if crowded:
            size = slots_a_row(timeline)
            yield Text((f"A row is {size} slots. " if size > 1 else "") + words.SHARED_SIGNS, style="dim")

    def _rows(
        self, timeline: Timeline, drawn: list[Span], found: list[Mark], cells: int, signs: dict[Kind, str]
    ) -> Iterator[tuple[int, Text]]:
        """Every slot, and its spans one by one."""
        by_slot: dict[int, list[Span]] = {slot: [] for slot in range(timeline.slots)}
        for span in drawn:
            by_slot[span.slot].append(span)
        for slot, row in by_slot.items():
            ends = [mark for mark in found if mark.slot == slot and mark.kind is not Kind.ARRIVE]
            yield slot, self._row(row, ends, cells, length(timeline, self._axis), signs)

    def _shared_rows(self, timeline: Timeline, cells: int, signs: dict[Kind, str]) -> Iterator[tuple[int, Text]]:
        """The first slot of each row, and what its slots did, each kind in as many cells as it has of the time."""
        long = length(timeline, self._axis) / self._end * cells
        for row in shared_rows(timeline, self._axis, self._end, cells):
            text = Text(no_wrap=True, overflow="crop")
            for kind in row.signs(long):
                text.append(" " if kind is None else signs[kind], _SHARED.get(kind or Kind.IDLE, _DIM))
            yield row.slots[0], text

    def _cell(self, x: float, cells: int) -> int:
        return min(cells - 1, max(0, int(x / self._end * cells)))

    def _arrivals(self, arrivals: list[Mark], cells: int, sign: str) -> Text:
        line = [" "] * cells
        for mark in arrivals:
            line[self._cell(mark.x, cells)] = sign
        return Text("".join(line), no_wrap=True, overflow="crop")

    def _row(self, row: list[Span], ends: list[Mark], cells: int, end: float, signs: dict[Kind, str]) -> Text:
        scale = cells / self._end
        line: list[tuple[str, Style]] = [
            (signs[Kind.IDLE], _DIM) if cell < end * scale else (" ", _DIM) for cell in range(cells)
        ]
        share = [0.0] * cells  # how much of a cell its sign stands for: the longest stretch wins
        for span in row:
            for cell in range(self._cell(span.x0, cells), self._cell(span.x1, cells) + 1):
                part = min(span.x1 * scale, cell + 1) - max(span.x0 * scale, cell)
                if part > share[cell]:
                    share[cell] = part
                    line[cell] = (signs[span.kind], self._style(span))
        for span in row:
            self._label(line, span, scale)
        for mark in ends:
            cell = max(0, math.ceil(mark.x * scale - 1e-6) - 1)
            if _crowded(row, mark, scale):
                continue
            line[cell] = (signs[mark.kind], self._inverse(mark.request))
        text = Text(no_wrap=True, overflow="crop")
        for sign, style in line:
            text.append(sign, style)
        return text

    def _label(self, line: list[tuple[str, Style]], span: Span, scale: float) -> None:
        """Write the request's name into a decode span that has room for it."""
        first, last = round(span.x0 * scale), round(span.x1 * scale)
        if span.kind is not Kind.DECODE or span.request is None:
            return
        name = self._names[span.request]
        if len(name) + 2 <= last - first:
            for offset, sign in enumerate(name):
                line[first + 1 + offset] = (sign, self._inverse(span.request))

    def _style(self, span: Span) -> Style:
        if span.request is None or span.kind in (Kind.WASTED, Kind.IDLE):
            return _WASTED
        return Style(color=PALETTE[self._colours[span.request]])

    def _inverse(self, request: str) -> Style:
        place = self._colours[request]
        return Style(color=ON_PALETTE[place], bgcolor=PALETTE[place], bold=True)

    def _scale(self, cells: int) -> Text:
        unit = " s" if self._axis is Axis.SECONDS else " steps"
        room = cells - len(unit)
        line = ""
        for place in ticks(self._end, max(2, cells // 12), whole=self._axis is Axis.STEPS):
            label = f"{place:g}"
            column = self._cell(place, cells) - (len(label) - 1 if place else 0)  # the label ends where the tick is
            if len(line) <= column and column + len(label) <= room:
                line = line.ljust(column) + label
        return Text(line + unit, style="dim", no_wrap=True, overflow="crop")

    def _legend(self, signs: dict[Kind, str], kinds: set[Kind]) -> Columns:
        names = [f"{sign} {words.MEANING[kind]}" for kind, sign in signs.items() if kind in kinds - {Kind.STEP}]
        return Columns([Text(name, no_wrap=True) for name in names], padding=(0, 3))


def _crowded(row: list[Span], mark: Mark, scale: float) -> bool:
    """Say whether the span that `mark` ends is too short to give a cell away."""
    own = [span for span in row if span.request == mark.request and span.x0 < mark.x]
    return bool(own) and (own[-1].x1 - own[0].x0) * scale < 4
