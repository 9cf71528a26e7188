"""Every page of the built site, in a real browser, from the folder, without a network."""

from __future__ import annotations

import re
from contextlib import closing
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tiny_batch_kit.base.paths import ROOT
from tiny_batch_kit.course.syllabus import load_course

from .conftest import NARROW, WIDE


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
        assert page.evaluate(TINY) == [], f"{path.name}: too small to read"
        assert page.evaluate(BLACK) == [], f"{path.name}: black in any theme"


# What is wider than the text and stands in nothing that scrolls: hidden overflow would cut it off unseen.
OVERHANGING = """
() => [...document.querySelectorAll("main *")]
    .filter((each) => each.getBoundingClientRect().right > innerWidth + 1)
    .filter((each) => !each.closest(".table-wrapper, .picture-frame, .formula, pre"))
    .map((each) => each.outerHTML.slice(0, 80))
"""


# Words of pictures that are smaller than 7 pixels.
TINY = """
() => [...document.querySelectorAll("main svg text")]
    .filter((each) => each.textContent.trim() && each.checkVisibility())
    .filter((each) => {
        const { a, b } = each.getScreenCTM();
        return parseFloat(getComputedStyle(each).fontSize) * Math.hypot(a, b) < 7;
    })
    .map((each) => each.textContent)
"""


# Words of plots that name no colour of their own, and don't take the page's; and those in a frame that stays white.
BLACK = """
() => [...document.querySelectorAll("main svg.tb-plot text")]
    .filter((each) => {
        const frame = each.closest("[id*='-legend_']")?.querySelector(":scope > [id*='-patch_'] > path");
        const own = !each.style.fill && getComputedStyle(each).fill !== getComputedStyle(each).color;
        return own || /#fff|rgb\\(255/.test(frame?.style.fill ?? "");
    })
    .map((each) => each.textContent)
"""


def test_the_search_finds_every_task_and_every_word_of_the_glossary(open_page: Any) -> None:
    page = open_page("index.html")
    page.keyboard.press("s")
    page.wait_for_function("window.search && window.search.index && window.elasticlunr")
    terms = re.findall(r"^### (.+)$", (ROOT / "book/src/glossary.md").read_text("utf-8"), re.MULTILINE)
    wanted = dict.fromkeys(terms, "glossary.html")
    assert len(wanted) > 40
    for day in load_course(ROOT / "course.toml").days:
        wanted |= {f"{task.id} {task.title}": f"day-{day.number:02d}.html" for task in day.tasks}
    found = page.evaluate(SEARCH, list(wanted))
    assert [query for query, pages in zip(wanted, found, strict=True) if wanted[query] not in pages] == []


# The pages of the results that the book's own search would show, for each query.
SEARCH = """
(queries) => {
    const { index, doc_urls, search_options, results_options } = window.search;
    const searcher = elasticlunr.Index.load(index);
    return queries.map((query) =>
        searcher.search(query, search_options).slice(0, results_options.limit_results)
            .map((each) => doc_urls[each.ref].split("#")[0]));
}
"""


def test_any_static_host_serves_it(browser: Any, site: Path, tmp_path: Path) -> None:
    """Below some path of a host, as on GitHub Pages, and nothing is asked of any other."""
    (tmp_path / "somebody").mkdir()
    (tmp_path / "somebody" / "course").symlink_to(site)
    handler = partial(QuietHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server, closing(browser.new_page()) as page:
        Thread(target=server.serve_forever, daemon=True).start()
        home = f"http://127.0.0.1:{server.server_port}/somebody/course/"
        answers: list[tuple[str, int]] = []
        page.on("response", lambda got: answers.append((got.url, got.status)))
        page.goto(home)
        page.get_by_role("link", name="Day 2 · Static batching").first.click()
        page.wait_for_url(f"{home}day-02.html")
        page.keyboard.press("s")
        page.locator("#mdbook-searchbar").press_sequentially("bubble")
        page.locator("#mdbook-searchresults a").first.wait_for()
        server.shutdown()
    assert len(answers) > 10
    assert [each for each in answers if not each[0].startswith((home, "data:")) or each[1] not in (200, 304)] == []


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves a folder, and says nothing."""

    def log_message(self, *_: object) -> None:
        """Nothing."""


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
def test_text_stands_out_from_its_ground(open_page: Any, scheme: str, script: bool, pale: str) -> None:
    page = open_page("day-01.html", color_scheme=scheme, java_script_enabled=script)
    page.locator(".quiz-question input").first.focus()
    page.keyboard.press("Space")
    assert page.evaluate(pale) == []
