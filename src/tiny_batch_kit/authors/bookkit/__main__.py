"""The preprocessor that mdBook starts: `python -m tiny_batch_kit.authors.bookkit`, as book/book.toml says.

mdBook writes `[context, book]` as JSON to standard input and reads the book back from standard output. With
TINY_BATCH_DRAFT=1 a broken page is shown with the problem in a red box; otherwise the build fails.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from tiny_batch_kit.authors.bookkit.pages import PageRenderer
from tiny_batch_kit.authors.bookkit.problems import Problem
from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.course.syllabus import load_course


def process(context: dict[str, Any], book: dict[str, Any]) -> list[Problem]:
    """Render every page of mdBook's `book` in place; what is wrong comes back."""
    root = Path(context["root"]).resolve().parent
    course = load_course(root / "course.toml")
    problems: list[Problem] = []
    waiting = list(book["items"])
    while waiting:
        item = waiting.pop()
        if not isinstance(item, dict) or "Chapter" not in item:
            continue  # a separator or a part's title
        chapter = item["Chapter"]
        if chapter.get("path"):
            renderer = PageRenderer(root, course, chapter["path"])
            chapter["content"] = renderer.render(chapter["content"])
            problems += renderer.problems
        waiting += chapter["sub_items"]
    return sorted(problems)


def main() -> int:
    """Answer mdBook; the exit status is 1 if the book must not be built."""
    if sys.argv[1:2] == ["supports"]:
        return 0
    context, book = json.load(sys.stdin)
    try:
        problems = process(context, book)
    except KitError as error:
        print(error, file=sys.stderr)
        return 1
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems and os.environ.get("TINY_BATCH_DRAFT") != "1":
        return 1
    json.dump(book, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
