"""Plots in one style, saved as SVG that a screen reader can name and that suits a light and a dark page.

Text stays text, and whatever is drawn in `INK` takes the page's own text colour. Colours are Okabe and Ito's, which
people with any colour vision can tell apart; still, give each line its own marker or dash too.
"""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import matplotlib
from cycler import cycler

matplotlib.use("Agg")  # no window, whatever the machine has

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.timeline.palette import PALETTE, THEME, svg_id

COLOURS = PALETTE
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
# matplotlib names no colour for the words of a legend: they would be black on any ground.
_JOINS = "#{id} text{{fill:currentColor}}#{id} *{{stroke-linejoin:round;stroke-linecap:butt}}"
INK = "#17181c"  # replaced by the page's text colour
STYLE: dict[Any, Any] = {
    "figure.figsize": (7.2, 4.2),
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "grid.color": INK,
    "grid.alpha": 0.15,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": cycler(color=list(PALETTE)),
    "font.size": 12,
    "axes.titlesize": 13,
    "lines.linewidth": 2,
    "lines.markersize": 6,
    "legend.frameon": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "tiny-batch",
}


@contextmanager
def style() -> Iterator[None]:
    """Give what is drawn inside the `with` block the course's look; nothing outside is changed."""
    with matplotlib.rc_context(STYLE):
        yield


def figure(columns: int = 1, width: float = 7.2, height: float = 4.2) -> tuple[Figure, list[Axes]]:
    """Return a figure in the course's style and its `columns` axes, side by side; sizes are in inches."""
    if columns < 1:
        raise KitError(f"A figure can't have {columns} columns: ask for 1 or more.")
    with style():
        made = Figure(figsize=(width, height), layout="constrained")
        return made, [made.add_subplot(1, columns, i + 1) for i in range(columns)]


def svg_text(figure: Figure, title: str, description: str) -> str:
    """Return `figure` as SVG text with a title and a description; the same figure always gives the same text."""
    if not title.strip() or not description.strip():
        raise KitError("A picture needs a title and a description, for readers who can't see it: give both.")
    buffer = io.StringIO()
    with style():
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return _accessible(buffer.getvalue(), title, description)


def save_svg(figure: Figure, path: Path, title: str, description: str) -> Path:
    """Write `figure` as accessible SVG and return `path`; the folder is made when it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(svg_text(figure, title, description), encoding="utf-8")
    return path


def _accessible(text: str, title: str, description: str) -> str:
    """Make matplotlib's SVG scale with its page, take the page's text colour, and say what it shows."""
    body = text[text.index("<svg") :]
    head, rest = body.split(">", 1)
    box = re.search(r'viewBox="[^"]*"', head)
    rest = re.sub(r"<metadata>.*?</metadata>", "", rest, flags=re.S)
    # matplotlib's own style rule would reach every element of a page that the picture stands in.
    rest = re.sub(r"<style[^>]*>.*?</style>", "", rest, flags=re.S)
    name = svg_id(title + rest)
    rest = rest.replace(INK, "currentColor")
    rest = rest.replace("fill: #ffffff; opacity: 0.8", "fill: var(--paper); opacity: 0.8")  # a legend's frame
    rest = re.sub(r"font: ([\d.]+px) [^;\"]*", r"font: \1 system-ui, sans-serif", rest)
    # Ids must be unique in a page that holds several pictures.
    rest = re.sub(r'\bid="', f'id="{name}-', rest)
    rest = re.sub(r'href="#', f'href="#{name}-', rest)
    rest = rest.replace("url(#", f"url(#{name}-")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" id="{name}" '
        f'class="tb-plot" {box.group(0) if box else ""} role="img" aria-labelledby="{name}-title {name}-desc">\n'
        f'<title id="{name}-title">{escape(title)}</title>\n<desc id="{name}-desc">{escape(description)}</desc>\n'
        f"<style>{THEME.format(id=name)}{_JOINS.format(id=name)}</style>{rest}"
    )
