"""The whole book by axe-core: no violation, in any theme, on a phone and on a desk. axe is for tests alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tiny_batch_kit.timeline.html import page as page_of
from tiny_batch_kit.timeline.html import story, timeline_page

from .test_story import PIECES, one_by_one, together

THEMES = ("light", "rust", "coal", "navy", "ayu")
WINDOWS = {"phone": {"width": 390, "height": 844}, "desk": {"width": 1440, "height": 900}}

# Every rule in the first of the themes. In the others only what a theme changes: colours.
RUN = """
async (themes) => {
    const found = [];
    for (const [number, theme] of themes.entries()) {
        document.getElementById(`mdbook-theme-${theme}`).click();
        const only = number ? { runOnly: { type: "rule", values: ["color-contrast", "link-in-text-block"] } } : {};
        const { violations } = await axe.run(document, { ...only, resultTypes: ["violations"], preload: false });
        for (const { id, nodes } of violations) {
            found.push(...nodes.map((node) => `${theme}: ${id}: ${node.html.slice(0, 120)}`));
        }
    }
    return found;
}
"""


@pytest.fixture(scope="module")
def axe() -> str:
    """The text of axe-core."""
    package = pytest.importorskip("axe_playwright_python", reason="TINY_BATCH_DEV=1 ./scripts/course installs axe")
    return (Path(package.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


@pytest.mark.timeout(3600)
def test_axe_finds_nothing(open_page: Any, site: Path, axe: str, pytestconfig: pytest.Config) -> None:
    """Each page in one window and one theme, by turns; with --soak in all of them, which takes minutes."""
    page, found = open_page("index.html", WINDOWS["phone"], reduced_motion="reduce"), []
    for number, path in enumerate(sorted(site.glob("*.html"))):
        if path.name == "toc.html":
            continue  # the list of chapters for who has no script, shown inside of other pages
        soak = pytestconfig.getoption("--soak")
        for window in WINDOWS if soak else (list(WINDOWS)[number % len(WINDOWS)],):
            page.set_viewport_size(WINDOWS[window])
            page.goto(path.as_uri())
            page.evaluate(axe)
            themes = THEMES if soak else (THEMES[number % len(THEMES)],)
            found += [f"{path.name}, {window}: {each}" for each in page.evaluate(RUN, list(themes))]
    assert found == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("window", WINDOWS)
def test_axe_finds_nothing_in_the_pages_of_demo_and_viz(
    open_page: Any, tmp_path: Path, axe: str, window: str, scheme: str
) -> None:
    runs = [one_by_one(), together()]
    pages = {
        "demo.html": page_of("Two ways", story(runs, ["Count", "Tags"], [PIECES, PIECES])),
        "viz.html": timeline_page(runs),
    }
    for name, text in pages.items():
        (tmp_path / name).write_text(text)
        page = open_page(str(tmp_path / name), WINDOWS[window], color_scheme=scheme, reduced_motion="reduce")
        page.evaluate(axe)
        assert [(each["id"], [node["html"][:120] for node in each["nodes"]]) for each in page.evaluate(WHOLE)] == []


WHOLE = "async () => (await axe.run(document, { resultTypes: ['violations'], preload: false })).violations"


def test_the_list_of_chapters_opens_by_keyboard(open_page: Any) -> None:
    page = open_page("day-02.html", WINDOWS["desk"])
    button = page.get_by_role("button", name="Toggle Table of Contents")
    before = button.get_attribute("aria-expanded")
    button.focus()
    page.keyboard.press("Enter")
    assert button.get_attribute("aria-expanded") != before
    page.wait_for_function("document.getElementById('mdbook-sidebar').getBoundingClientRect().right <= 0")
    page.keyboard.press("Enter")
    page.wait_for_function("document.getElementById('mdbook-sidebar').getBoundingClientRect().right > 0")
