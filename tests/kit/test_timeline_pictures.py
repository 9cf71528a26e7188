import io
import re
from xml.etree import ElementTree

import pytest
from rich.console import Console

from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.machine.clocks import VirtualClock
from tiny_batch_kit.shows import plots
from tiny_batch_kit.timeline import Recorder, Timeline
from tiny_batch_kit.timeline.html import comparison, timeline_page
from tiny_batch_kit.timeline.spans import Axis, marks, spans, ticks
from tiny_batch_kit.timeline.svg import render_svg
from tiny_batch_kit.timeline.terminal import TerminalTimelines
from tiny_batch_kit.timeline.words import seconds

SVG = "{http://www.w3.org/2000/svg}"


def batch(label="Static <batch> & co", rows=2, steps=6, pause=0.1, arrivals=False):
    """Row i has i + 1 tokens, the last row `steps`."""
    clock = VirtualClock()
    recorder = Recorder(clock, label)
    for row in range(rows if arrivals else 0):
        recorder.arrive(str(row))
    on_step = recorder.static_batch([str(row) for row in range(rows)])
    for step in range(steps):
        clock.advance(pause)
        on_step([7 if row == rows - 1 or step <= row else None for row in range(rows)])
    return recorder.timeline()


def parse(svg):
    root = ElementTree.fromstring(svg)
    assert root.tag == f"{SVG}svg"
    return root


@pytest.mark.parametrize("axis", list(Axis))
@pytest.mark.parametrize("rows", [1, 12, 20, 64])
def test_a_picture_is_well_formed_and_names_itself(axis, rows):
    root = parse(render_svg([batch(rows=rows, arrivals=True), batch("other")], axis=axis))
    ids = {element.get("id"): element for element in root.iter() if element.get("id")}
    assert root.get("role") == "img"
    title, description = (ids[name] for name in root.get("aria-labelledby").split())
    assert title.tag == f"{SVG}title"
    assert title.text == "Static <batch> & co and other"
    assert "6 steps" in description.text
    assert root.get("viewBox")


def test_every_reference_in_a_picture_has_its_target():
    svg = render_svg([batch()])
    assert set(re.findall(r"url\(#([^)]+)\)", svg)) <= set(re.findall(r'id="([^"]+)"', svg))


def test_pictures_of_different_runs_can_stand_in_one_page():
    first, second = (set(re.findall(r'id="([^"]+)"', render_svg([batch(steps=n)]))) for n in (3, 5))
    assert not first & second
    assert render_svg([batch()]) == render_svg([batch()])


def test_textures_differ_and_not_only_colours():
    svg = render_svg([batch()])
    assert 'class="p"' in svg
    assert 'class="w"' in svg
    for word in ("prefill", "decode", "wasted", "finished"):
        assert f">{word}" in svg


def test_two_timelines_share_one_scale():
    def width(svg, slot):  # of the grey tracks behind the slots
        return [float(box.get("width")) for box in parse(svg).iter(f"{SVG}rect") if box.get("class") == "t"][slot]

    svg = render_svg([batch(rows=1, steps=10), batch(rows=1, steps=5)])
    assert width(svg, 0) == pytest.approx(2 * width(svg, 1), rel=0.01)


def test_a_long_run_stays_small():
    assert len(render_svg([batch(rows=8, steps=2000)])) < 30_000


def test_an_empty_timeline_can_be_drawn():
    parse(render_svg([Timeline("nothing", 1)]))
    with pytest.raises(KitError, match="at least one"):
        render_svg([])
    with pytest.raises(KitError, match="320"):
        render_svg([batch()], width=10)


def test_steps_of_one_kind_are_one_span():
    found = spans(batch(rows=2, steps=6), Axis.STEPS)
    assert [(s.slot, str(s.kind), s.x0, s.x1, s.steps) for s in found] == [
        (0, "prefill", 0.0, 1.0, 1),
        (1, "prefill", 0.0, 1.0, 1),
        (0, "wasted", 1.0, 6.0, 5),
        (1, "decode", 1.0, 6.0, 5),
    ]
    assert [(m.request, m.slot, m.x) for m in marks(batch(rows=2, steps=6), Axis.STEPS)] == [("0", 0, 1), ("1", 1, 6)]


def shown(timelines, width, encoding="utf-8", axis=Axis.SECONDS):
    buffer = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    Console(file=buffer, width=width).print(TerminalTimelines(timelines, axis))
    buffer.flush()
    return buffer.buffer.getvalue().decode(encoding)


@pytest.mark.parametrize("axis", list(Axis))
@pytest.mark.parametrize("width", [34, 60, 200])
def test_the_terminal_picture_fits(width, axis):
    text = shown([batch(rows=12, steps=30, arrivals=True), batch("other", rows=1)], width, axis=axis)
    assert all(len(line.rstrip()) <= width for line in text.splitlines())
    for sign in "▒█░●▼":
        assert sign in text


def test_a_plain_ascii_terminal_gets_plain_signs():
    text = shown([batch(rows=3, steps=30)], 80, "ascii")
    assert "%=" in text
    assert "xxx" in text


def test_terminal_rows_show_where_the_waste_is():
    rows = [line.split(" ", 2)[2] for line in shown([batch(rows=2, steps=10)], 60).splitlines() if "slot" in line]
    assert rows[0].count("░") > 20
    assert "░" not in rows[1]


def test_round_ticks():
    assert ticks(11.4, 8) == [0, 2, 4, 6, 8, 10]
    assert ticks(0.35, 4) == [0, 0.1, 0.2, 0.3]
    assert ticks(3, 8, whole=True) == [0, 1, 2, 3]
    assert ticks(0, 8) == [0]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0 s"), (0.0042, "4.2 ms"), (0.05, "50 ms"), (0.456, "0.46 s"), (9.9, "9.90 s"), (61, "61.0 s")],
)
def test_times_have_the_digits_that_count(value, text):
    assert seconds(value) == text


def test_a_page_needs_nothing_else():
    page = timeline_page([batch(), batch("other", steps=3)])
    assert page.count("<svg") == 1
    assert "Static &lt;batch&gt; &amp; co" in page
    assert not re.search(r'(src|href)="(?!#)', page)
    assert not re.search(r"<script[^>]+src=|<link|@import", page)
    assert "2.00×" in page


def test_the_comparison_counts_from_the_first():
    rows = comparison([batch(steps=6), batch(steps=3)])
    assert [row[-1] for row in rows] == ["1.00×", "2.00×"]
    assert rows[0][4:6] == ["6", "5 (42%)"]


def plot():
    figure, (axes,) = plots.figure()
    axes.plot([1, 2, 4], [1.0, 1.5, 3.5], marker="o", label="a <b>")
    axes.legend()
    return figure


def test_a_plot_is_accessible_and_always_the_same():
    svg = plots.svg_text(plot(), "Time & rows", "It goes <up>.")
    root = parse(svg)
    assert root.get("role") == "img"
    assert [child.text for child in list(root)[:2]] == ["Time & rows", "It goes <up>."]
    assert svg == plots.svg_text(plot(), "Time & rows", "It goes <up>.")
    assert set(re.findall(r"url\(#([^)]+)\)", svg)) <= set(re.findall(r'id="([^"]+)"', svg))
    assert plots.INK not in svg.split("</style>", 1)[1]
    assert "<text" in svg


def test_a_plot_needs_words(tmp_path):
    with pytest.raises(KitError, match="title and a description"):
        plots.svg_text(plot(), "Title", " ")
    assert plots.save_svg(plot(), tmp_path / "a" / "b.svg", "T", "D").read_text().startswith("<svg")
