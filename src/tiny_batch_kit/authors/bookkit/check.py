"""The check of the book, for CI and for authors: everything that mdBook passes over in silence."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tiny_batch_kit.authors.bookkit.blocks import split_blocks
from tiny_batch_kit.authors.bookkit.boxes import read_svg
from tiny_batch_kit.authors.bookkit.chapters import chapter_problems
from tiny_batch_kit.authors.bookkit.links import site_problems
from tiny_batch_kit.authors.bookkit.problems import BookError, Problem
from tiny_batch_kit.authors.bookkit.site import build_site, listed_pages, source_problems
from tiny_batch_kit.base.paths import ROOT
from tiny_batch_kit.course.syllabus import load_course

PICTURE_WIDTH = 84
"""So many characters of a picture in plain text fit into the book's column. Code and commands may scroll."""
PICTURES = ("text", "")
"""The fences that hold pictures."""


def check_book(root: Path = ROOT) -> list[str]:
    """What is wrong with the book of the checkout `root`, a sentence each, with page and line; empty if nothing is.

    Builds the site into a temporary folder. Raises KitError only if course.toml or mdBook is missing.
    """
    try:
        listed = listed_pages(root)
    except BookError as error:
        return [str(error)]
    source = root / "book" / "src"
    pages = {name: (source / name).read_text(encoding="utf-8") for name in listed if (source / name).is_file()}
    problems = [*source_problems(root), *_folder_problems(source, listed)]
    problems += [problem for name, text in pages.items() for problem in _wide_pictures(name, text)]
    for day in load_course(root / "course.toml").days:
        if not day.ready:
            continue
        if day.chapter in pages:
            problems += chapter_problems(day, pages[day.chapter])
        else:
            problems.append(Problem("SUMMARY.md", 0, f"Day {day.number} is ready and {day.chapter} is not listed."))
    with tempfile.TemporaryDirectory(prefix="tiny-batch-book-") as folder:
        site = Path(folder) / "site"
        try:
            build_site(root, site, draft=True)
            problems += site_problems(site, pages)
        except BookError as error:
            problems.append(Problem("book.toml", 0, str(error)))
    return [str(problem) for problem in sorted(set(problems))]


def _wide_pictures(page: str, text: str) -> list[Problem]:
    """The lines of pictures in plain text that would be cut off at the right."""
    return [
        Problem(page, number, f"A picture of {len(line)} characters runs out of the column: {PICTURE_WIDTH} fit.")
        for block in split_blocks(text)
        if block.kind in PICTURES
        for number, line in enumerate(block.body.split("\n"), block.line + 1)
        if len(line) > PICTURE_WIDTH
    ]


def _folder_problems(source: Path, listed: list[str]) -> list[Problem]:
    """Pages that nobody lists, pictures that say nothing, and whatever else does not belong beside the chapters."""
    problems = []
    for path in sorted(path for path in source.rglob("*") if path.is_file()):
        name = path.relative_to(source).as_posix()
        if path.suffix == ".md":
            if name not in listed and name != "SUMMARY.md":
                problems.append(Problem(name, 0, "SUMMARY.md does not list this page."))
        elif path.parent == source / "figures" and path.suffix == ".svg":
            try:
                read_svg(path)
            except BookError as error:
                problems.append(Problem(name, 0, str(error)))
        else:
            problems.append(Problem(name, 0, "This does not belong in book/src: only pages and figures/*.svg do."))
    return problems
