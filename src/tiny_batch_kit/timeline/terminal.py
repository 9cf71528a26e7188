"""Timelines in the terminal: a line a slot, on one scale, readable with and without colour."""

import math
from collections.abc import Sequence

from rich.columns import Columns
from rich.console import Console, ConsoleOptions, RenderResult
from rich.style import Style
from rich.text import Text

from tiny_batch_kit.timeline import words
from tiny_batch_kit.timeline.events import Kind, Timeline
from tiny_batch_kit.timeline.palette import ON_PALETTE, PALETTE, colour_of
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

_UNICODE = dict(zip(Kind, "|▒█░·▼●◆", strict=True))
_ASCII = dict(zip(Kind, "|%=x.v]!", strict=True))
_WASTED = Style(color="#8a8a8a")
_DIM = Style(dim=True)


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
        for timeline in self._timelines:
            yield Text(timeline.label, style="bold", no_wrap=True, overflow="ellipsis")
            facts = words.facts_line(timeline, self._axis)
            yield Text(facts.replace("·", "|") if options.ascii_only else facts, style="dim")
            yield from self._panel(timeline, width, signs)
            yield Text()
        yield self._legend(signs)

    def _panel(self, timeline: Timeline, width: int, signs: dict[Kind, str]) -> RenderResult:
        gutter = len(f"slot {timeline.slots - 1} ") if width >= 50 else len(f"{timeline.slots - 1} ")
        cells = width - gutter
        by_slot: dict[int, list[Span]] = {slot: [] for slot in range(timeline.slots)}
        for span in spans(timeline, self._axis):
            by_slot[span.slot].append(span)
        found = marks(timeline, self._axis)
        arrivals = [mark for mark in found if mark.kind is Kind.ARRIVE]
        if arrivals:
            yield Text(" " * gutter) + self._arrivals(arrivals, cells, signs[Kind.ARRIVE])
        for slot, row in by_slot.items():
            name = f"slot {slot} " if width >= 50 else f"{slot} "
            line = Text(name.rjust(gutter), style="dim", no_wrap=True, overflow="crop")
            ends = [mark for mark in found if mark.slot == slot and mark.kind is not Kind.ARRIVE]
            yield line + self._row(row, ends, cells, length(timeline, self._axis), signs)
        yield Text(" " * gutter) + self._scale(cells)

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

    def _legend(self, signs: dict[Kind, str]) -> Columns:
        kinds = {event.kind for timeline in self._timelines for event in timeline.events} - {Kind.STEP}
        names = [f"{sign} {words.MEANING[kind]}" for kind, sign in signs.items() if kind in kinds]
        return Columns([Text(name, no_wrap=True) for name in names], padding=(0, 3))


def _crowded(row: list[Span], mark: Mark, scale: float) -> bool:
    """Say whether the span that `mark` ends is too short to give a cell away."""
    own = [span for span in row if span.request == mark.request and span.x0 < mark.x]
    return bool(own) and (own[-1].x1 - own[0].x0) * scale < 4
