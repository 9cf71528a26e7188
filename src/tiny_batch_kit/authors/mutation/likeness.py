"""What red tests are said to look like, on changes whose place is known: how often is another function named?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from tiny_batch_kit.authors.coursecheck.layout import Layout
from tiny_batch_kit.authors.mutation.runs import Tried
from tiny_batch_kit.course.cutter import regions
from tiny_batch_kit.grading.looks_like import Wrong, all_wrong, looks_like, read_signatures
from tiny_batch_kit.grading.records import Status


def report_likeness(layout: Layout, console: Console, tried: Sequence[Tried]) -> None:
    """Print on how many noticed changes nothing is named, one of the same function, or one of another."""
    wrong, signatures = all_wrong(layout.root / "tests" / "mutants"), read_signatures(layout.signatures)
    changed = {each.misconception: changed_by(layout, each) for each in wrong}
    count: Counter[str] = Counter()
    for each in tried:
        if each.survived:
            continue
        task = red_task(each)
        named = looks_like(task, each.records, wrong, signatures) if task is not None else []
        same = all(each.change.symbol in changed[name] for name in named)
        kind = "silent" if not named else "the same function" if same else "another function"
        count[kind] += 1
        if kind == "another function":
            console.print(
                Text(f"{each.change.where}: {each.change.lines}\n    is said to look like: {' | '.join(named)}")
            )
    total = count.total()
    shares = ", ".join(f"{kind} {number} ({number / total:.0%})" for kind, number in sorted(count.items()))
    console.print(f"What {total} noticed changes are said to look like: {shares}.")


def red_task(tried: Tried) -> str | None:
    """The task of the first red test: a student is told what that one looks like. None if a hang left no result."""
    red = (each for each in tried.records if each.status in (Status.FAILED, Status.TIMEOUT))
    return next((each.task for each in red), None)


def changed_by(layout: Layout, wrong: Wrong) -> set[str]:
    """The functions that a wrong solution does otherwise than the reference."""
    theirs = _bodies(wrong.path.read_text(encoding="utf-8"), wrong.path.name)
    ours: dict[tuple[str, str], str] = {}
    for path in layout.reference.glob("*.py"):
        ours |= _bodies(path.read_text(encoding="utf-8"), path.name)
    return {symbol for (task, symbol), body in theirs.items() if ours.get((task, symbol)) != body}


def _bodies(source: str, name: str) -> dict[tuple[str, str], str]:
    """The text of each region, by task and function."""
    lines = source.splitlines()
    return {(each.task, each.symbol): "\n".join(lines[each.begin : each.end + 1]) for each in regions(source, name)}
