"""Pictures of timelines with thousands of requests: small, quick, and true to how long each kind took."""

import argparse
import io
import re
import time
from collections import Counter
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from rich.console import Console

from tiny_batch_kit.commands import viz
from tiny_batch_kit.timeline import Event, Kind, Timeline, write_jsonl
from tiny_batch_kit.timeline.html import timeline_page
from tiny_batch_kit.timeline.palette import PALETTE
from tiny_batch_kit.timeline.shares import MOST_ROWS, STACKED, is_crowded, shared_rows
from tiny_batch_kit.timeline.spans import Axis
from tiny_batch_kit.timeline.svg import WIDTH, render_svg
from tiny_batch_kit.timeline.terminal import TerminalTimelines

SVG = "{http://www.w3.org/2000/svg}"
PIXELS = WIDTH - 132  # between the names of the slots and the time at the end
KINDS = {PALETTE[0]: Kind.DECODE, PALETTE[4]: Kind.PREFILL, None: Kind.WASTED}


def busy(requests, slots, label="busy", step=0.05):
    """Requests of 2 to 12 steps, one after another in each slot, with gaps, bubbles and a few preemptions."""
    events = [Event(Kind.ARRIVE, at, at, 0, request=str(n)) for n in range(requests) for at in [n * 0.002]]
    rows = []
    for slot in range(slots):
        now = slot % 7
        for n in range(slot, requests, slots):
            for index in range(2 + n % 11):
                rows.append((now, slot, Kind.DECODE if index else Kind.PREFILL, str(n)))
                now += 1
            if n % 5 == 0:
                rows.append((now, slot, Kind.WASTED, None))
                now += 1
            now += n % 3 == 0
            if n % 97 == 0:
                events.append(Event(Kind.PREEMPT, now * step, now * step, now, slot, str(n)))
            events.append(Event(Kind.FINISH, now * step, now * step, now, slot, str(n)))
    for number, slot, kind, request in sorted(rows, key=lambda row: row[:2]):
        events.append(
            Event(kind, number * step, (number + 1) * step, number, slot, request, 1, int(kind is Kind.DECODE))
        )
    return Timeline(label, slots, tuple(events))


@pytest.fixture(scope="module", params=[16, 256])
def many(request):
    return busy(10_000, request.param)


@pytest.fixture(scope="module")
def picture(many):
    return render_svg([many])


def seconds_by_kind(timeline):
    found = Counter()
    for event in timeline.of(*STACKED):
        found[event.kind] += event.end - event.start
    return found


def area(path):
    """Of a path of the moves M, v, h and z, in pixels."""
    height, found = 0.0, 0.0
    for move, number in re.findall(r"([vh])(-?[\d.]+)", path):
        if move == "v":
            height -= float(number)
        else:
            found += height * float(number)
    assert abs(height) < 1e-6 or path.endswith("z")
    return found


def drawn_seconds(svg, timeline):
    """How long each kind took, by the areas of the picture."""
    found = Counter()
    root = ElementTree.fromstring(svg)
    heights = {float(box.get("height")) for box in root.iter(f"{SVG}rect") if box.get("class") == "t"}
    (height,) = heights
    slots_a_row = -(-timeline.slots // MOST_ROWS)
    for row in root.iter(f"{SVG}g"):
        if not row.find(f"{SVG}title").text.startswith("slot"):
            continue
        areas = [(KINDS[path.get("fill")], area(path.get("d"))) for path in row.findall(f"{SVG}path")]
        for (kind, own), (_, below) in pairwise([*areas, (None, 0.0)]):  # each is drawn over the one above it
            found[kind] += (own - below) / height * slots_a_row * timeline.end / PIXELS
    return found


def test_the_picture_is_small_and_quick(many):
    started = time.process_time()
    svg = render_svg([many])
    assert time.process_time() - started < 2
    assert len(svg) < 9 * len(STACKED) * PIXELS * min(many.slots, MOST_ROWS)
    assert len(timeline_page([many])) < len(svg) + 10_000
    root = ElementTree.fromstring(svg)
    titles = [root.find(f"{SVG}title").text, root.find(f"{SVG}desc").text]
    assert titles[0] == "busy"
    assert "10,000 requests" in titles[1]


def test_what_is_drawn_is_how_long_it_took(many, picture):
    drawn, true = drawn_seconds(picture, many), seconds_by_kind(many)
    assert set(drawn) == set(true) == set(STACKED)
    pixel = many.end / PIXELS * -(-many.slots // MOST_ROWS)  # of a whole row's height
    for kind in STACKED:
        assert drawn[kind] == pytest.approx(true[kind], abs=pixel), kind


@pytest.mark.parametrize("axis", list(Axis))
def test_shares_are_those_of_the_time(axis):
    def event(kind, start, end, slot):
        return Event(kind, start, end, int(start), slot, "a", 1)

    events = (event(Kind.PREFILL, 0, 1, 0), event(Kind.DECODE, 1, 2, 0), event(Kind.DECODE, 3, 4, 0))
    (row,) = shared_rows(Timeline("x", 1, events), axis, end=4.0, columns=2)
    assert row.shares == {Kind.DECODE: [0.5, 0.5], Kind.PREFILL: [0.5, 0.0], Kind.WASTED: [0.0, 0.0]}
    assert row.sentence(2) == "slot 0: decode 50%, prefill 25% of the time"


def test_many_slots_share_rows(many, picture):
    tracks = [box for box in ElementTree.fromstring(picture).iter(f"{SVG}rect") if box.get("class") == "t"]
    assert len(tracks) == min(many.slots, MOST_ROWS)
    assert ("a row is 8 slots" in picture) == (many.slots == 256)
    assert ("slots 248 to 255: " in picture) == (many.slots == 256)


def test_slots_that_do_not_divide_are_all_there():
    timeline = busy(500, 70)
    rows = shared_rows(timeline, Axis.SECONDS, timeline.end, 100)
    assert [slot for row in rows for slot in row.slots] == list(range(70))
    total = sum(row.total(Kind.DECODE) * len(row.slots) for row in rows) * timeline.end / 100
    assert total == pytest.approx(seconds_by_kind(timeline)[Kind.DECODE])


def test_arrivals_of_one_pixel_are_one_mark(picture):
    (strip,) = re.findall(r"<title>10,000 arrivals, at most [\d,]+ in a column</title><path [^>]*/>", picture)
    assert len(strip) < 9 * PIXELS
    assert picture.count("h12l-6 12z") == 0  # no triangle


def test_moments_that_one_sees_stay(picture):
    assert "preempted" in picture
    assert "finished" not in picture
    assert "Drawn by shares" in picture


def test_a_small_timeline_is_drawn_span_by_span_beside_a_large_one():
    small = busy(12, 4, "small")
    svg = render_svg([small, busy(2_000, 16)])
    assert svg.count("request 3: decode") == 1
    assert "Drawn by shares" in svg
    assert "Drawn by shares" not in render_svg([small])


@pytest.mark.parametrize(
    ("spans", "slots", "crowded"), [(588, 1, False), (589, 1, True), (1568, 16, False), (1569, 16, True), (3, 65, True)]
)
def test_when_spans_are_drawn_together(spans, slots, crowded):
    assert is_crowded(spans, slots, room=588, narrow=6) is crowded


def shown(timeline, width, encoding="utf-8"):
    buffer = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    Console(file=buffer, width=width).print(TerminalTimelines([timeline]))
    buffer.flush()
    return buffer.buffer.getvalue().decode(encoding)


@pytest.mark.parametrize("width", [40, 100])
def test_the_terminal_shows_each_kind_as_often_as_it_was(many, width):
    started = time.process_time()
    text = shown(many, width)
    assert time.process_time() - started < 2
    assert all(len(line.rstrip()) <= width for line in text.splitlines())
    rows = re.findall(r"^ *(?:slot )?\d+ ([▒█░·]+) *$", text, re.MULTILINE)
    assert len(rows) == min(many.slots, MOST_ROWS)
    cells = max(map(len, rows))
    true = seconds_by_kind(many)
    for kind, sign in zip((Kind.PREFILL, Kind.DECODE, Kind.WASTED), "▒█░", strict=True):
        wanted = true[kind] / many.end / many.slots * cells
        assert sum(row.count(sign) for row in rows) / len(rows) == pytest.approx(wanted, abs=1), kind
    assert "Drawn by shares" in re.sub(r"\s+", " ", text)


def test_rows_of_equal_shares_do_not_look_as_if_all_did_the_same_at_once():
    rows = re.findall(r"slot \d+ ([▒█░·]+)", shown(busy(3_000, 16), 100))
    assert max(Counter(row.index("▒") for row in rows).values()) < 8


def test_a_plain_terminal_gets_plain_signs(many):
    assert shown(many, 100, "ascii").isascii()


def test_viz_draws_it(tmp_path, capsys):
    source = write_jsonl(busy(800, 100), tmp_path / "x.jsonl")
    parser = argparse.ArgumentParser()
    viz.add_arguments(parser)
    svg, page = tmp_path / "a.svg", tmp_path / "a.html"
    assert viz.run(parser.parse_args([str(source), "--svg", str(svg), "--html", str(page)])) == 0
    assert "a row is 4 slots" in svg.read_text()
    assert "a row is 4 slots" in page.read_text()
    assert viz.run(parser.parse_args([str(source), "--steps"])) == 0
    assert "A row is 4 slots" in capsys.readouterr().out
