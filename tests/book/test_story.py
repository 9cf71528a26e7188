"""The page that `demo` and `viz` write, played in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tiny_batch_kit.machine.clocks import VirtualClock
from tiny_batch_kit.timeline import Kind, Recorder, RowWork, Timeline
from tiny_batch_kit.timeline.html import page, story, timeline_page

PIECES = [["One", ",", " two"], ["<b>", "&amp;", "</script>"]]


def one_by_one() -> Timeline:
    """Two requests of three tokens, a second a step."""
    clock = VirtualClock()
    recorder = Recorder(clock, "One by one", 1)
    recorder.arrive("1")
    recorder.arrive("2")
    for request in ("1", "2"):
        for token in range(3):
            clock.advance(1)
            recorder.step([RowWork(0, Kind.DECODE if token else Kind.PREFILL, request, 1, 1)])
        recorder.finish(request, 0)
    return recorder.timeline()


def together() -> Timeline:
    """The same at once."""
    clock = VirtualClock()
    recorder = Recorder(clock, "Static", 2)
    on_step = recorder.static_batch(["1", "2"])
    for _ in range(3):
        clock.advance(1)
        on_step([1, 1])
    return recorder.timeline()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A page with a story and its texts."""
    path = tmp_path / "story.html"
    path.write_text(page("Two ways", story([one_by_one(), together()], ["Count", "Tags"], [PIECES, PIECES])))
    return path


def counts(opened: Any) -> list[str]:
    return opened.locator(".tb-way .tb-count").all_inner_texts()


def texts(opened: Any) -> list[str]:
    return opened.locator(".tb-text").all_inner_texts()


def test_the_story_is_told_at_each_moment(open_page: Any, file: Path) -> None:
    opened = open_page(str(file), reduced_motion="reduce")
    assert counts(opened) == [
        "6 tokens, 2 of 2 finished, done after 6.00 s",
        "6 tokens, 2 of 2 finished, done after 3.00 s",
    ]
    assert texts(opened) == ["<b>&amp;</script>"] * 2  # as text
    opened.get_by_label("Seconds").fill("350")  # of 1000: at 2.1 s
    assert counts(opened) == ["2 tokens, 0 of 2 finished", "4 tokens, 0 of 2 finished"]
    assert texts(opened) == ["…", "<b>&amp;"]
    opened.get_by_label("Follow").select_option(label="1: Count")
    assert texts(opened) == ["One,", "One,"]
    assert "At 2.10 s. One by one: 2 tokens" in opened.locator("[aria-live]").inner_text()


def test_it_plays_by_itself_unless_somebody_wants_less_motion(open_page: Any, file: Path) -> None:
    calm = open_page(str(file), reduced_motion="reduce")
    assert calm.get_by_role("button").inner_text() == "Play"
    moving = open_page(str(file), reduced_motion="no-preference")
    moving.wait_for_function("parseFloat(document.querySelector('.tb-buttons .tb-count').textContent) > 0.2")
    moving.get_by_role("button", name="Pause").click()
    assert moving.locator("[aria-live]").inner_text().startswith("At ")
    stood = counts(moving)
    moving.wait_for_timeout(200)
    assert counts(moving) == stood


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_one_picture_is_seen_and_its_words_stand_out(
    open_page: Any, tmp_path: Path, pale: str, script: bool, scheme: str
) -> None:
    path = tmp_path / "viz.html"
    path.write_text(timeline_page([one_by_one(), together()]))
    window = {"width": 390, "height": 800}
    opened = open_page(str(path), window, java_script_enabled=script, color_scheme=scheme, reduced_motion="reduce")
    assert opened.locator(".tb-player").is_visible() is script
    assert opened.locator("figure").is_visible() is not script
    assert opened.evaluate("document.documentElement.scrollWidth") <= 390
    assert opened.evaluate(pale) == []
