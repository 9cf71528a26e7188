"""All checks in order, with a bar while they run and a table at the end."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from tiny_batch_kit.authors.coursecheck.agreement import check_agreement, check_starter
from tiny_batch_kit.authors.coursecheck.days import check_green, check_red
from tiny_batch_kit.authors.coursecheck.layout import Layout
from tiny_batch_kit.authors.coursecheck.problems import Findings, Problem
from tiny_batch_kit.authors.coursecheck.runs import Tick
from tiny_batch_kit.authors.coursecheck.solutions import check_alternatives, check_wrong
from tiny_batch_kit.base.errors import KitError

CHECKS = {
    "agreement": "course.toml, modules, tests and chapters agree",
    "starter": "the starter is what the cutter makes",
    "red": "every test is red before any work",
    "green": "every day passes without a later one",
    "mutants": "every wrong solution is caught",
    "alternatives": "every other right solution passes",
    "book": "links, anchors, includes and quizzes of the book",
}
"""The checks, by the name that --only takes, in the order in which they run."""


def check_course(
    root: Path,
    only: Sequence[str],
    console: Console,
    *,
    update: bool = False,
    full: bool = False,
    days: Sequence[int] = (),
) -> bool:
    """Run the checks named in `only`, print what they find, and return whether nothing is wrong.

    days: where a check goes day by day, only these; all if empty. update, full: see `check_wrong`.
    """
    layout = Layout.of(root, days)
    results: dict[str, tuple[Findings, float]] = {}
    columns = (TextColumn("{task.description}"), BarColumn(24), TextColumn("{task.completed}"), TimeElapsedColumn())
    with (
        tempfile.TemporaryDirectory(prefix="tiny-batch-check-") as work,
        Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress,
    ):
        for name in only:
            bar = progress.add_task(CHECKS[name], total=_runs(layout, name) or None)
            started = time.perf_counter()
            findings = _guarded(layout, name, Path(work), partial(progress.advance, bar), update, full)
            results[name] = findings, time.perf_counter() - started
            progress.remove_task(bar)
    _print(console, results)
    return not any(findings.problems for findings, _ in results.values())


def _check(layout: Layout, name: str, work: Path, tick: Tick, update: bool, full: bool) -> Findings:
    if name == "agreement":
        return check_agreement(layout)
    if name == "starter":
        return check_starter(layout)
    if name == "red":
        return check_red(layout, work, tick)
    if name == "green":
        return check_green(layout, work, tick)
    if name == "mutants":
        return check_wrong(layout, work, tick, update=update, full=full)
    if name == "alternatives":
        return check_alternatives(layout, work, tick)
    return _check_book(layout)


def _check_book(layout: Layout) -> Findings:
    from tiny_batch_kit.authors.bookkit.check import check_book  # it builds the site: only who asks for it pays

    problems = [_problem(sentence) for sentence in check_book(layout.root)]
    return Findings(problems, looked_at=f"{len(list(layout.chapters.glob('*.md')))} pages")


def _problem(sentence: str) -> Problem:
    where, colon, what = sentence.partition(": ")
    return Problem(where, what) if colon and " " not in where else Problem("book/src", sentence)


def _guarded(layout: Layout, name: str, work: Path, tick: Tick, update: bool, full: bool) -> Findings:
    """A check that can't go on says so as a problem, so that the others still run."""
    try:
        return _check(layout, name, work, tick, update, full)
    except (KitError, SyntaxError, OSError) as error:
        where, colon, what = str(error).partition(": ")
        return Findings([Problem(where, what) if colon and " " not in where else Problem("course", str(error))])


def _runs(layout: Layout, name: str) -> int:
    """How many runs of pytest a check makes, for its bar; 0 for one that makes none."""
    days = layout.days
    if name == "mutants":
        return sum(len(layout.wrong(day)) for day in days)
    if name == "alternatives":
        return sum(len(layout.alternatives(day)) for day in days)
    return len(days) if name in ("red", "green") else 0


def _print(console: Console, results: dict[str, tuple[Findings, float]]) -> None:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for name, (findings, seconds) in results.items():
        count = len(findings.problems)
        sign = Text("✓", "bold green") if not count else Text("✗", "bold red")
        result = findings.looked_at if not count else f"{count} problem{'s' if count > 1 else ''}"
        table.add_row(sign, Text(name, "bold"), CHECKS[name], result, Text(f"{seconds:.1f} s", "dim"))
    console.print(table)
    for name, (findings, _) in results.items():
        for note in findings.notes:
            console.print(Text(f"  {name}: {note}", "dim"), soft_wrap=True)
    for name, (findings, _) in results.items():
        if findings.problems:
            console.print(Text(f"\n{name}", "bold red"))
            for problem in sorted(set(findings.problems)):
                console.print(Text.assemble("  ", (problem.where, "bold"), ": ", problem.what), soft_wrap=True)
