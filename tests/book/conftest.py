"""A small book to break, and the real one, built once."""

from __future__ import annotations

import importlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tiny_batch_kit.authors.bookkit.pages import PageRenderer
from tiny_batch_kit.authors.bookkit.site import build_site
from tiny_batch_kit.base.paths import ROOT
from tiny_batch_kit.course import implementations
from tiny_batch_kit.course.syllabus import load_course

COURSE = """
title = "small"

[[days]]
number = 1
week = 1
title = "Start"
summary = "Begin | well."
chapter = "day-01.md"
modules = ["start.py"]
tests = "tests/test_day_01.py"
ready = true

[[days.tasks]]
id = "1.1"
title = "A `first` thing"
file = "start.py"
symbols = ["begin", "Begin.now"]
asks = "Return `1` if a < b, *always*."
red = "Not begun (○)."
hints = ["a", "b", "c"]

[[days]]
number = 2
week = 1
title = "Later"
summary = "Go on."
chapter = "day-02.md"
modules = ["later.py"]
tests = "tests/test_day_02.py"
ready = false
"""

SVG = (
    '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">\n'
    '<title>A title</title>\n\n<desc>What it shows.</desc><path d="M0 0h9"/></svg>'
)

STARTER = '''
class Begin:
    """A class."""

    width: int = 1

    def now(self) -> int:
        """Now."""
        secret = 1
        return secret


@decorated
def begin(a: int) -> int:
    """One.

    More."""
    raise NotImplementedError("Task 1.1")
'''

QUESTION = """
[[question]]
prompt = "What is {number}?"
answers = [
  {{ text = "A *number*", correct = true, why = "Yes, see [the end](#beyond)." }},
  {{ text = "A word", why = "No." }},
]
"""

PARTS = (
    "What you will be able to do",
    "The problem",
    "What must hold",
    "Predict",
    "The tasks",
    "What breaks",
    "Measure",
)


def chapter(words: int = 1700, questions: int = 6) -> str:
    """A page that has everything that the check asks for."""
    parts = [f"## {part}\n\nSome words.\n" for part in PARTS]
    quiz = "".join(QUESTION.format(number=number) for number in range(questions))
    return (
        "# Day 1\n\n" + "\n".join(parts) + "{{#task 1.1}}\n\n{{#figure one.svg | A picture.}}\n\n"
        "```predict\nHow many?\n\n---\n\nNine.\n```\n\n" + "many plain words " * (words // 3) + "\n\n"
        f"## Quiz\n\n```quiz{quiz}```\n\n## Beyond\n\n[Up](#quiz)\n\n## Readings\n\n- [A](https://example.org)\n"
    )


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """The root of a small checkout whose book has nothing wrong with it."""
    source = tmp_path / "book" / "src"
    (source / "figures").mkdir(parents=True)
    shutil.copy(ROOT / "book" / "book.toml", tmp_path / "book")
    shutil.copytree(ROOT / "book" / "theme", tmp_path / "book" / "theme")
    (tmp_path / "course.toml").write_text(COURSE)
    (source / "figures" / "one.svg").write_text(SVG)
    (source / "SUMMARY.md").write_text("# Summary\n\n[Preface](preface.md)\n\n- [Day 1](day-01.md)\n")
    (source / "preface.md").write_text("# Preface\n\n{{#days}}\n\n[To the quiz](day-01.md#quiz)\n")
    (source / "day-01.md").write_text(chapter())
    package = tmp_path / "src" / "tiny_batch"
    package.mkdir(parents=True)
    (package / "start.py").write_text(STARTER)
    (tmp_path / "src" / "tiny_batch_ref").mkdir()
    (tmp_path / "src" / "tiny_batch_ref" / "start.py").write_text("def begin(a): return a\n")
    return tmp_path


@pytest.fixture
def render(book: Path) -> Callable[[str], tuple[str, list[str]]]:
    """Render a page's text; gives what mdBook would read, and the problems as sentences."""

    def made(text: str) -> tuple[str, list[str]]:
        renderer = PageRenderer(book, load_course(book / "course.toml"), "day-01.md")
        return renderer.render(text), [str(problem) for problem in renderer.problems]

    return made


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the course's own site."""
    return build_site(ROOT, tmp_path_factory.mktemp("book") / "site").parent


@pytest.fixture(scope="module")
def reference() -> Iterator[None]:
    """Whatever is installed as `tiny_batch`: what the kit loads is the reference."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(implementations, "load", lambda module: importlib.import_module(f"tiny_batch_ref.{module}"))
        yield


# A browser

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


@pytest.fixture
def pale() -> str:
    """A script for a page: which of its texts are too pale."""
    return PALE


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
