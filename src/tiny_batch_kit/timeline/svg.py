"""Timelines as one accessible SVG: a row a slot, a colour a request, a texture for what the slot did."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from xml.sax.saxutils import escape

from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.timeline import words
from tiny_batch_kit.timeline.events import Kind, Timeline
from tiny_batch_kit.timeline.palette import ON_PALETTE, PALETTE, THEME, colour_of, svg_id
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
    step_borders,
    ticks,
)

WIDTH = 720
_LEFT, _RIGHT = 62, 70  # room for "slot 10" and for the time at the end of the longest timeline
_CELL_TEXT = 9.5  # the width of a character in a span, at the size for phones
_STYLE = (
    THEME + "#{id} text{{font:13px system-ui,sans-serif;fill:currentColor}}#{id} .h{{font-size:16px;font-weight:600}}"
    "#{id} .s{{opacity:.8}}#{id} .c{{font-size:12px;text-anchor:middle;font-weight:600}}"
    "#{id} .e{{text-anchor:end}}#{id} .m{{text-anchor:middle}}#{id} .t{{fill:currentColor;opacity:.07}}"
    "#{id} .l{{stroke:currentColor;fill:none}}#{id} .d{{stroke-dasharray:3 3}}"
    "#{id} .w{{fill:url(#{id}-w);stroke:currentColor;stroke-opacity:.55;stroke-dasharray:2 2}}"
    "#{id} .p{{fill:url(#{id}-p)}}#{id} .b{{stroke:var(--paper);stroke-opacity:.55}}"
    "#{id} .f{{fill:currentColor;stroke:var(--paper)}}"
    "@media (max-width:520px){{#{id} text{{font-size:22px}}#{id} .h{{font-size:25px}}#{id} .c{{font-size:17px}}"
    "#{id} .x{{display:none}}}}"
)
_PATTERNS = (
    '<defs><pattern id="{id}-p" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="3" height="7" fill="#fff" fill-opacity=".62"/></pattern>'
    '<pattern id="{id}-w" width="6" height="6" patternUnits="userSpaceOnUse">'
    '<path d="M0 0L6 6M6 0L0 6" stroke="currentColor" stroke-opacity=".5" stroke-width=".9"/></pattern></defs>'
)


def render_svg(
    timelines: Sequence[Timeline],
    *,
    axis: Axis | str = Axis.SECONDS,
    title: str | None = None,
    description: str | None = None,
    width: int = WIDTH,
) -> str:
    """Return one SVG with all `timelines`, one under another, on one scale of seconds or steps.

    `width` is that of the drawing's own units; the picture scales with its page. KitError without a timeline, or
    when `width` leaves no room.
    """
    if not timelines:
        raise KitError("There is no timeline to draw: give at least one.")
    if width < 320:
        raise KitError(f"A picture can't be {width} wide: give 320 or more.")
    axis = Axis(axis)
    title = title or " and ".join(timeline.label for timeline in timelines)
    drawing = _Drawing(timelines, axis, width)
    parts = [part for timeline in timelines for part in drawing.panel(timeline)]
    parts += drawing.legend()
    height = round(drawing.y + 4)
    name = svg_id(title + "".join(parts))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" id="{name}" class="tb-timeline" viewBox="0 0 {width} {height}" '
        f'role="img" aria-labelledby="{name}-title {name}-desc">\n<title id="{name}-title">{escape(title)}</title>\n'
        f'<desc id="{name}-desc">{escape(description or words.describe(timelines, axis))}</desc>\n'
        f"<style>{_STYLE.format(id=name)}</style>\n{_PATTERNS.format(id=name)}\n" + "\n".join(parts) + "\n</svg>\n"
    )


class _Drawing:
    """Draws from top to bottom; `y` is where the next thing goes."""

    def __init__(self, timelines: Sequence[Timeline], axis: Axis, width: int) -> None:
        self.y = 4.0
        self._axis = axis
        self._width = width
        self._end = extent(timelines, axis)
        self._room = width - _LEFT - _RIGHT
        requests = all_requests(timelines)
        self._colours, self._names = colour_of(requests), short_names(requests)
        self._used: set[Kind] = set()

    def panel(self, timeline: Timeline) -> list[str]:
        """Return the parts of one timeline: heading, arrivals, rows, axis."""
        out = [
            f'<text class="h" x="0" y="{self.y + 17:g}">{escape(timeline.label)}</text>',
            f'<text class="s" x="0" y="{self.y + 41:g}">{escape(words.facts_line(timeline, self._axis))}</text>',
        ]
        self.y += 54
        found = marks(timeline, self._axis)
        out += self._arrivals([mark for mark in found if mark.kind is Kind.ARRIVE])
        top, row = self.y, _row_height(timeline.slots)
        pitch = row + (4 if row > 12 else 1)
        out += self._tracks(timeline, row, pitch)
        for span in spans(timeline, self._axis):
            out += self._span(span, top + span.slot * pitch, row)
        out += self._borders(timeline, top, top + timeline.slots * pitch)
        out += [part for mark in found for part in self._mark(mark, top, pitch, row)]
        self.y = top + timeline.slots * pitch
        return out + self._end_line(timeline, top) + self._scale()

    def legend(self) -> list[str]:
        """Return a sample of each texture and mark that was used, with its meaning."""
        out, y = [], self.y + 6
        for index, kind in enumerate(kind for kind in Kind if kind in self._used):
            x = index % 3 * self._width / 3
            y = self.y + 6 + index // 3 * 28
            if kind in (Kind.ARRIVE, Kind.FINISH, Kind.PREEMPT):
                out += [_symbol(kind, x + 13, y + 9)]
            else:
                out += _box(kind, x, y, 26, 18, PALETTE[0])
            out.append(f'<text x="{x + 34:g}" y="{y + 14:g}">{words.MEANING[kind]}</text>')
        self.y = y + 26
        return out

    def _x(self, value: float) -> float:
        return _LEFT + value / self._end * self._room

    def _arrivals(self, arrivals: list[Mark]) -> list[str]:
        if not arrivals:
            return []
        self._used.add(Kind.ARRIVE)
        y, out = self.y, []
        for x, number in Counter(round(self._x(mark.x), 1) for mark in arrivals).items():
            out.append(_symbol(Kind.ARRIVE, x, y + 9))
            if number > 1:
                out.append(f'<text class="x" x="{x + 9:g}" y="{y + 13:g}">{number}</text>')
        self.y += 20
        return out

    def _tracks(self, timeline: Timeline, row: float, pitch: float) -> list[str]:
        every = max(1, -(-24 // round(pitch)))  # with thin rows, name only some slots
        long = self._x(length(timeline, self._axis)) - _LEFT
        out = []
        for slot in range(timeline.slots):
            y = self.y + slot * pitch
            out.append(f'<rect class="t" x="{_LEFT}" y="{y:g}" width="{long:.1f}" height="{row:g}"/>')
            if slot % every == 0:
                name = f'<tspan class="x">slot </tspan>{slot}'
                out.append(f'<text class="e s" x="{_LEFT - 8}" y="{y + min(row, 24) / 2 + 5:g}">{name}</text>')
        return out

    def _span(self, span: Span, y: float, row: float) -> list[str]:
        x0, x1 = self._x(span.x0), self._x(span.x1)
        self._used.add(span.kind)
        place = None if span.request is None else self._colours[span.request]
        colour = "currentColor" if place is None else PALETTE[place]
        name = "" if span.request is None else self._names[span.request]
        label = ""
        if place is not None and span.kind is Kind.DECODE and row >= 14 and len(name) * _CELL_TEXT + 12 <= x1 - x0:
            middle = f'x="{(x0 + x1) / 2:.1f}" y="{y + row / 2 + 4.5:g}"'
            label = f'<text class="c" {middle} style="fill:{ON_PALETTE[place]}">{escape(name)}</text>'
        boxes = "".join(_box(span.kind, x0, y, x1 - x0, row, colour))
        return [f"<g><title>{escape(self._tip(span))}</title>{boxes}{label}</g>"]

    def _tip(self, span: Span) -> str:
        who = "slot" if span.request is None else f"request {span.request}"
        when = f"{span.x0:.2f} to {span.x1:.2f} s" if self._axis is Axis.SECONDS else f"from step {span.x0:g}"
        sampled = f", {words.count(span.sampled, 'token')}" if span.sampled else ""
        return f"{who}: {words.MEANING[span.kind]}, {words.count(span.steps, 'step')}{sampled}, {when}"

    def _borders(self, timeline: Timeline, top: float, bottom: float) -> list[str]:
        """Thin lines between steps, where steps are wide enough to be counted."""
        places = [self._x(place) for place in step_borders(timeline, self._axis)]
        if not places or min(b - a for a, b in pairwise([_LEFT, *places])) < 5:
            return []
        lines = "".join(f"M{place:.1f} {top:g}V{bottom:g}" for place in places)
        return [f'<path class="b" d="{lines}"/>']

    def _mark(self, mark: Mark, top: float, pitch: float, row: float) -> list[str]:
        if mark.slot is None or mark.kind is Kind.ARRIVE or row < 10:
            return []
        self._used.add(mark.kind)
        note = f" ({mark.note})" if mark.note else ""
        tip = f"request {mark.request} {words.MEANING[mark.kind]}{note}"
        symbol = _symbol(mark.kind, self._x(mark.x), top + mark.slot * pitch + row / 2)
        return [f"<g><title>{escape(tip)}</title>{symbol}</g>"]

    def _end_line(self, timeline: Timeline, top: float) -> list[str]:
        end = length(timeline, self._axis)
        if end <= 0:
            return []
        x = self._x(end)
        text = words.seconds(end) if self._axis is Axis.SECONDS else f"{end:g}"
        return [
            f'<path class="l d" d="M{x:.1f} {top - 4:g}V{self.y + 4:g}"/>',
            f'<text x="{x + 9:.1f}" y="{top + 17:g}">{text}</text>',
        ]

    def _scale(self) -> list[str]:
        y = self.y + 6
        places = ticks(self._end, 8, whole=self._axis is Axis.STEPS)
        lines = "".join(f"M{self._x(place):.1f} {y:g}v5" for place in places)
        out = [f'<path class="l" d="M{_LEFT} {y:g}H{_LEFT + self._room:g}{lines}"/>']
        for index, place in enumerate(places):
            minor = " x" if index % 2 else ""
            out.append(f'<text class="m s{minor}" x="{self._x(place):.1f}" y="{y + 22:g}">{place:g}</text>')
        out.append(f'<text class="e s" x="{self._width}" y="{y + 22:g}">{self._axis}</text>')
        self.y = y + 40
        return out


def _row_height(slots: int) -> float:
    return 24 if slots <= 8 else 20 if slots <= 16 else 11 if slots <= 32 else 6


def _box(kind: Kind, x: float, y: float, width: float, height: float, colour: str) -> list[str]:
    """Return the rectangles of one span: its colour, and over it the texture of what it is."""
    shape = f'x="{x:.1f}" y="{y:g}" width="{max(width, 0.5):.1f}" height="{height:g}"'
    if kind is Kind.IDLE:
        return [f'<path class="l" stroke-opacity=".35" d="M{x:.1f} {y + height / 2:g}h{width:.1f}"/>']
    if kind is Kind.WASTED:
        return [f'<rect {shape} fill="{colour}" fill-opacity=".22"/><rect class="w" {shape}/>']
    over = f'<rect class="p" {shape}/>' if kind is Kind.PREFILL else ""
    return [f'<rect {shape} fill="{colour}"/>{over}']


def _symbol(kind: Kind, x: float, y: float) -> str:
    """Return the mark of a moment: arrival, finish or preemption."""
    if kind is Kind.ARRIVE:
        return f'<path class="f" d="M{x - 6:.1f} {y - 6:g}h12l-6 12z"/>'
    if kind is Kind.PREEMPT:
        return f'<path class="f" d="M{x:.1f} {y - 7:g}l7 7l-7 7l-7-7z"/>'
    return f'<circle class="f" cx="{x:.1f}" cy="{y:g}" r="4.5" stroke-width="1.5"/>'
