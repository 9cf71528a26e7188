"""The shapes of an SVG of timelines: boxes of spans, symbols of moments, stacks of shares."""

from collections.abc import Mapping, Sequence
from itertools import groupby

from tiny_batch_kit.timeline.events import MOMENTS, Kind
from tiny_batch_kit.timeline.palette import PALETTE, THEME

STYLE = (
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
PATTERNS = (
    '<defs><pattern id="{id}-p" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="3" height="7" fill="#fff" fill-opacity=".62"/></pattern>'
    '<pattern id="{id}-w" width="6" height="6" patternUnits="userSpaceOnUse">'
    '<path d="M0 0L6 6M6 0L0 6" stroke="currentColor" stroke-opacity=".5" stroke-width=".9"/></pattern></defs>'
)

# A stack is of many requests, so it has none's colour: a dark and a light blue.
_PAINTS = {
    Kind.DECODE: f'fill="{PALETTE[0]}"',
    Kind.PREFILL: f'fill="{PALETTE[4]}"',
    Kind.WASTED: 'class="w" style="stroke:none"',
}
STRIP = 14  # height of a strip of arrivals


def row_height(slots: int) -> float:
    """Return the height of a row, when there are so many."""
    return 24 if slots <= 8 else 20 if slots <= 16 else 11 if slots <= 32 else 6


def box(kind: Kind, x: float, y: float, width: float, height: float, colour: str) -> list[str]:
    """Return the rectangles of one span: its colour, and over it the texture of what it is."""
    shape = f'x="{x:.1f}" y="{y:g}" width="{max(width, 0.5):.1f}" height="{height:g}"'
    if kind is Kind.IDLE:
        return [f'<path class="l" stroke-opacity=".35" d="M{x:.1f} {y + height / 2:g}h{width:.1f}"/>']
    if kind is Kind.WASTED:
        return [f'<rect {shape} fill="{colour}" fill-opacity=".22"/><rect class="w" {shape}/>']
    over = f'<rect class="p" {shape}/>' if kind is Kind.PREFILL else ""
    return [f'<rect {shape} fill="{colour}"/>{over}']


def symbol(kind: Kind, x: float, y: float) -> str:
    """Return the mark of a moment: arrival, finish or preemption."""
    if kind is Kind.ARRIVE:
        return f'<path class="f" d="M{x - 6:.1f} {y - 6:g}h12l-6 12z"/>'
    if kind is Kind.PREEMPT:
        return f'<path class="f" d="M{x:.1f} {y - 7:g}l7 7l-7 7l-7-7z"/>'
    return f'<circle class="f" cx="{x:.1f}" cy="{y:g}" r="4.5" stroke-width="1.5"/>'


def sample(kind: Kind, x: float, y: float) -> list[str]:
    """Return what stands for a kind in the legend: a mark, or a box of 26 by 18."""
    return [symbol(kind, x + 13, y + 9)] if kind in MOMENTS else box(kind, x, y, 26, 18, PALETTE[0])


def shared_sample(kind: Kind, x: float, y: float) -> list[str]:
    """Return what stands in the legend for a kind that was drawn by its shares."""
    if kind is Kind.ARRIVE:
        return [strip([3, 7, 1, 10, 5, 2, 8, 4, 6, 3, 9, 2, 5], x, y + 16, 2)]
    if kind is Kind.PREEMPT:
        return [small_diamond(x + 13, y + 9)]
    return [_area(kind, [18.0] * 26, x, y + 18)]


def stack(shares: Mapping[Kind, Sequence[float]], x: float, bottom: float, height: float) -> list[str]:
    """Return the areas of one row: in columns of width 1 what each kind had of the time, one upon another.

    shares: from below. Every area reaches down to the row's lower edge, and is drawn before the one below it.
    """
    out, tops = list[str](), [0.0] * len(next(iter(shares.values())))
    for kind, parts in shares.items():
        tops = [top + part for top, part in zip(tops, parts, strict=True)]
        if any(parts):
            out.insert(0, _area(kind, [height * min(1.0, top) for top in tops], x, bottom))
    return out


def strip(counts: Sequence[float], x: float, bottom: float, width: float = 1) -> str:
    """Return one area for many moments: in each column, as high as there are many."""
    most = max(counts) or 1
    return f'<path fill="currentColor" d="{_steps([STRIP * each / most for each in counts], x, bottom, width)}"/>'


def small_diamond(x: float, y: float) -> str:
    """Return the mark of preemptions in a row where much happens."""
    return f'<path class="f" d="M{x:.1f} {y - 4:g}l4 4l-4 4l-4-4z"/>'


def _area(kind: Kind, heights: Sequence[float], x: float, bottom: float) -> str:
    return f'<path {_PAINTS[kind]} d="{_steps(heights, x, bottom, 1)}"/>'


def _steps(heights: Sequence[float], x: float, bottom: float, width: float) -> str:
    """The outline of columns that stand on a line, in hundredths so that rounding does not add up."""
    out, before = [f"M{x:g} {bottom:g}"], 0
    for height, columns in groupby(round(100 * height) for height in heights):
        out.append(f"{_move('v', before - height)}h{width * len(list(columns)):g}")
        before = height
    return "".join(out) + _move("v", before) + "z"


def _move(command: str, hundredths: int) -> str:
    """A move up or down, in few characters: a picture has thousands of them."""
    if hundredths == 0:
        return ""
    return f"{command}{'-' if hundredths < 0 else ''}{f'{abs(hundredths) / 100:g}'.lstrip('0')}"
