"""Timelines as one accessible SVG: a row a slot, a colour a request, a texture for what the slot did."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from xml.sax.saxutils import escape

from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.timeline import words
from tiny_batch_kit.timeline.events import Kind, Timeline
from tiny_batch_kit.timeline.palette import ON_PALETTE, PALETTE, colour_of, svg_id
from tiny_batch_kit.timeline.shapes import (
    PATTERNS,
    STYLE,
    box,
    row_height,
    sample,
    shared_sample,
    small_diamond,
    stack,
    strip,
    symbol,
)
from tiny_batch_kit.timeline.shares import STACKED, SharedRow, is_crowded, shared_rows, slots_a_row
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
_NARROW = 6  # when spans, or arrivals, are so narrow on average, they are drawn together
_CELL_TEXT = 9.5  # the width of a character in a span, at the size for phones


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
        f"<style>{STYLE.format(id=name)}</style>\n{PATTERNS.format(id=name)}\n" + "\n".join(parts) + "\n</svg>\n"
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
        self._shared: set[Kind] = set()  # drawn by shares, or many as one

    def panel(self, timeline: Timeline) -> list[str]:
        """Return the parts of one timeline: heading, arrivals, rows, axis."""
        out = [
            f'<text class="h" x="0" y="{self.y + 17:g}">{escape(timeline.label)}</text>',
            f'<text class="s" x="0" y="{self.y + 41:g}">{escape(words.facts_line(timeline, self._axis))}</text>',
        ]
        found, drawn = marks(timeline, self._axis), spans(timeline, self._axis)
        crowded = is_crowded(len(drawn), timeline.slots, self._room, _NARROW)
        rows = shared_rows(timeline, self._axis, self._end, self._room) if crowded else []
        size = slots_a_row(timeline)
        if crowded and size > 1:
            note = f"a row is {size} slots"
            out.append(f'<text class="e s" x="{self._width}" y="{self.y + 17:g}">{note}</text>')
        self.y += 54
        out += self._arrivals([mark for mark in found if mark.kind is Kind.ARRIVE])
        top = self.y
        out += self._shared_rows(timeline, rows, found) if rows else self._rows(timeline, drawn, found)
        return out + self._end_line(timeline, top) + self._scale()

    def legend(self) -> list[str]:
        """Return a sample of each texture and mark that was used, with its meaning."""
        kinds = [(kind, sample) for kind in Kind if kind in self._used]
        kinds += [(kind, shared_sample) for kind in Kind if kind in self._shared]
        out, y = [], self.y + 6
        for index, (kind, drawn) in enumerate(kinds):
            x = index % 3 * self._width / 3
            y = self.y + 6 + index // 3 * 28
            out += [*drawn(kind, x, y), f'<text x="{x + 34:g}" y="{y + 14:g}">{words.MEANING[kind]}</text>']
        self.y = y + 26
        if self._shared & {*STACKED}:
            out.append(f'<text class="s" x="0" y="{self.y + 16:g}">{words.SHARED}</text>')
            self.y += 26
        return out

    def _rows(self, timeline: Timeline, drawn: list[Span], found: list[Mark]) -> list[str]:
        """A row a slot, every span by itself."""
        top, row = self.y, row_height(timeline.slots)
        pitch = row + (4 if row > 12 else 1)
        out = self._tracks(timeline, range(timeline.slots), row, pitch)
        for span in drawn:
            out += self._span(span, top + span.slot * pitch, row)
        out += self._borders(timeline, top, top + timeline.slots * pitch)
        out += [part for mark in found for part in self._mark(mark, top, pitch, row)]
        self.y = top + timeline.slots * pitch
        return out

    def _shared_rows(self, timeline: Timeline, rows: list[SharedRow], found: list[Mark]) -> list[str]:
        """For each slot, or for some together, how much of each column's time went where."""
        row = row_height(len(rows))
        pitch = row + (4 if row > 12 else 1)
        out = self._tracks(timeline, [each.slots.start for each in rows], row, pitch)
        columns = length(timeline, self._axis) / self._end * self._room
        for number, each in enumerate(rows):
            areas = "".join(stack(each.shares, _LEFT, self.y + number * pitch + row, row))
            out.append(f"<g><title>{escape(each.sentence(columns))}</title>{areas}</g>")
            self._shared |= {kind for kind, parts in each.shares.items() if any(parts)}
        size = slots_a_row(timeline)
        put_back = [mark for mark in found if mark.kind is Kind.PREEMPT and mark.slot is not None]
        places = {(mark.slot // size, int(self._x(mark.x) / 8) * 8) for mark in put_back if mark.slot is not None}
        out += [small_diamond(x + 4, self.y + number * pitch + row / 2) for number, x in sorted(places)]
        self._shared |= {mark.kind for mark in put_back}
        self.y += len(rows) * pitch
        return out

    def _x(self, value: float) -> float:
        return _LEFT + value / self._end * self._room

    def _arrivals(self, arrivals: list[Mark]) -> list[str]:
        if not arrivals:
            return []
        places = Counter(round(self._x(mark.x), 1) for mark in arrivals)
        if len(places) > self._room / _NARROW:
            return self._many_arrivals(arrivals)
        self._used.add(Kind.ARRIVE)
        y, out = self.y, []
        for x, number in places.items():
            out.append(symbol(Kind.ARRIVE, x, y + 9))
            if number > 1:
                out.append(f'<text class="x" x="{x + 9:g}" y="{y + 13:g}">{number}</text>')
        self.y += 20
        return out

    def _many_arrivals(self, arrivals: list[Mark]) -> list[str]:
        """One strip for all: those of one column are one mark, as high as they are many."""
        self._shared.add(Kind.ARRIVE)
        counts = [0] * self._room
        for mark in arrivals:
            counts[min(self._room - 1, int(self._x(mark.x) - _LEFT))] += 1
        tip = f"{words.count(len(arrivals), 'arrival')}, at most {max(counts):,} in a column"
        self.y += 20
        return [f"<g><title>{tip}</title>{strip(counts, _LEFT, self.y - 2)}</g>"]

    def _tracks(self, timeline: Timeline, slots: Sequence[int], row: float, pitch: float) -> list[str]:
        """The grey ground of each row, and its first slot's name; slots: the first one of each row."""
        every = max(1, -(-24 // round(pitch)))  # with thin rows, name only some slots
        long = self._x(length(timeline, self._axis)) - _LEFT
        out = []
        for number, slot in enumerate(slots):
            y = self.y + number * pitch
            out.append(f'<rect class="t" x="{_LEFT}" y="{y:g}" width="{long:.1f}" height="{row:g}"/>')
            if number % every == 0:
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
        boxes = "".join(box(span.kind, x0, y, x1 - x0, row, colour))
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
        shape = symbol(mark.kind, self._x(mark.x), top + mark.slot * pitch + row / 2)
        return [f"<g><title>{escape(tip)}</title>{shape}</g>"]

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
