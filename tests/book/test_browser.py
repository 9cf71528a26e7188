"""Every page of the built site, in a real browser, from the folder, without a network."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
]
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 375, "height": 700}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A browser: TINY_BATCH_BROWSER, else Chromium or Chrome on the PATH, else playwright's own."""
    api = pytest.importorskip(
        "playwright.sync_api", reason="no playwright: TINY_BATCH_DEV=1 ./scripts/course installs it"
    )
    found = os.environ.get("TINY_BATCH_BROWSER") or shutil.which("chromium") or shutil.which("google-chrome")
    with api.sync_playwright() as playwright:
        try:
            opened = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        except api.Error as error:
            reason = str(error).splitlines()[0]
            pytest.skip(f"no browser ({reason}): install chromium, or name one in TINY_BATCH_BROWSER")
        yield opened
        opened.close()


@pytest.fixture
def open_page(browser: Any, site: Path) -> Iterator[Any]:
    """Open a page; whatever goes wrong in it is collected in `faults`, and must be nothing at the end."""
    faults: list[str] = []
    contexts = []

    def opened(name: str, window: dict[str, int] = WIDE, **options: Any) -> Any:
        context = browser.new_context(viewport=window, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: faults.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        # Leaving a page aborts what it was still loading, often its icon: that is no fault of the page.
        page.on(
            "requestfailed",
            lambda asked: faults.append(f"failed: {asked.url}") if asked.failure != "net::ERR_ABORTED" else None,
        )
        page.on(
            "request", lambda asked: faults.append(asked.url) if not asked.url.startswith(("file:", "data:")) else None
        )
        page.goto((site / name).as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert faults == []


@pytest.mark.parametrize("window", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_opens_and_fits(open_page: Any, site: Path, window: dict[str, int], scheme: str) -> None:
    page = open_page("index.html", window, color_scheme=scheme)
    for path in sorted(site.glob("*.html")):
        page.goto(path.as_uri())
        assert page.locator("h1").first.is_visible() or path.name == "toc.html"
        width = page.evaluate("Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)")
        assert width <= window["width"], f"{path.name} is {width} wide in a window of {window['width']}"
        cut = page.evaluate(OVERHANGING)
        assert cut == [], f"{path.name}: {cut} stick out"


# What is wider than the text and stands in nothing that scrolls: hidden overflow would cut it off unseen.
OVERHANGING = """
() => [...document.querySelectorAll("main *")]
    .filter((each) => each.getBoundingClientRect().right > innerWidth + 1)
    .filter((each) => !each.closest(".table-wrapper, .picture-frame, .formula, pre"))
    .map((each) => each.outerHTML.slice(0, 80))
"""


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_a_quiz_is_answered_by_keyboard(open_page: Any, script: bool) -> None:
    page = open_page("day-01.html", java_script_enabled=script)
    question = page.locator(".quiz-question").first
    reasons = question.locator(".quiz-why")
    shown = [reasons.nth(index).is_visible() for index in range(reasons.count())]
    assert not any(shown)
    question.locator("input").first.focus()
    page.keyboard.press("Space")
    assert reasons.nth(0).is_visible()
    page.keyboard.press("ArrowDown")
    assert reasons.nth(1).is_visible()
    assert not reasons.nth(0).is_visible()
    page.keyboard.press("ArrowRight")
    assert reasons.nth(2).is_visible()
    assert page.url.endswith("day-01.html")
    marks = {reasons.nth(index).inner_text().split()[0] for index in range(reasons.count())} - {""}
    assert marks <= {"✓", "✗"}


def test_the_score_counts_solved_questions(open_page: Any) -> None:
    page = open_page("day-01.html")
    quiz = page.locator(".quiz").first
    total = quiz.locator(".quiz-question").count()
    for index in range(total):
        for right in quiz.locator(".quiz-question").nth(index).locator("input[value=right]").all():
            right.check()
        assert f"{index + 1} of {total} questions solved" in quiz.locator(".quiz-score").inner_text()
    quiz.locator("input[type=radio][value=wrong]").first.check()
    assert f"{total - 1} of {total}" in quiz.locator(".quiz-score").inner_text()


def test_a_prediction_opens_by_keyboard(open_page: Any) -> None:
    page = open_page("day-02.html")
    answer = page.locator(".predict details > :not(summary)").first
    assert not answer.is_visible()
    page.locator(".predict summary").first.focus()
    page.keyboard.press("Enter")
    assert answer.is_visible()


@pytest.mark.parametrize("selector", [".table-wrapper", "pre > code"])
def test_what_is_too_wide_scrolls_by_keyboard(open_page: Any, selector: str) -> None:
    page = open_page("setup.html", NARROW)
    wide = page.locator(f"{selector}[tabindex]").first
    wide.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("(box) => box.scrollLeft > 0", arg=wide.element_handle())
    assert page.url.endswith("setup.html")  # mdBook would turn the page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_text_stands_out_from_its_ground(open_page: Any, scheme: str, script: bool) -> None:
    page = open_page("day-01.html", color_scheme=scheme, java_script_enabled=script)
    page.locator(".quiz-question input").first.focus()
    page.keyboard.press("Space")
    assert page.evaluate(PALE) == []


# Text whose contrast to the nearest ground behind it is below 4.5 (WCAG 2.2, 1.4.3).
PALE = """
() => {
    const parse = (colour) => {
        const [r, g, b, a = 1] = colour.match(/[\\d.]+/g).map(Number);
        return { rgb: [r, g, b], a };
    };
    const light = (rgb) => {
        const [r, g, b] = rgb.map((x) => (x /= 255) <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ground = (each) => {
        for (; each; each = each.parentElement) {
            const found = parse(getComputedStyle(each).backgroundColor);
            if (found.a === 1) return found.rgb;
        }
        return [255, 255, 255];
    };
    const pale = new Set();
    const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const each = walker.currentNode.parentElement;
        if (!walker.currentNode.data.trim() || each.closest("svg, style") || !each.checkVisibility()) continue;
        const [one, two] = [light(parse(getComputedStyle(each).color).rgb), light(ground(each))];
        const contrast = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
        if (contrast < 4.5) pale.add(`${each.tagName}.${each.className} ${contrast.toFixed(2)}`);
    }
    return [...pale];
}
"""
