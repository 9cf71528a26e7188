"""The whole of scripts/mutate.py: run the changes, and say which of them no test has noticed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from tiny_batch_kit.authors.coursecheck.layout import Layout
from tiny_batch_kit.authors.mutation.changes import changes_of
from tiny_batch_kit.authors.mutation.equivalent import Equivalent, as_toml, read_equivalent
from tiny_batch_kit.authors.mutation.likeness import report_likeness
from tiny_batch_kit.authors.mutation.runs import Tried, load, save, try_all


def mutate(
    root: Path,
    console: Console,
    *,
    days: Sequence[int] = (),
    likeness: bool = False,
    save_to: Path | None = None,
    load_from: Path | None = None,
) -> bool:
    """Run or load the changes of some days (all if empty); print and return whether no new one has survived."""
    layout = Layout.of(root, days)
    full = likeness or save_to is not None
    tried = load(load_from) if load_from is not None else _run(layout, console, full)
    if save_to is not None:
        save(tried, save_to)
    numbers = {str(day.number) for day in layout.days}
    tried = [each for each in tried if each.change.task.split(".")[0] in numbers]
    fine = _survivors(console, tried, read_equivalent(layout.root / "tests" / "mutants" / "equivalent.toml"))
    if likeness:
        report_likeness(layout, console, tried)
    return fine


def _run(layout: Layout, console: Console, full: bool) -> list[Tried]:
    tried: list[Tried] = []
    columns = (TextColumn("{task.description}"), BarColumn(24), TextColumn("{task.completed}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        for day in layout.days:
            changes = changes_of(layout, day)
            bar = progress.add_task(f"Day {day.number}", total=len(changes))
            tried += try_all(layout, day, changes, partial(progress.advance, bar), full=full)
            console.print(Text(f"Day {day.number}: {len(changes)} changes", "dim"))
    return tried


def _survivors(console: Console, tried: Sequence[Tried], recorded: Equivalent) -> bool:
    """Print the count, the new survivors, and what is recorded in vain; return whether there is neither."""
    survived = [each.change for each in tried if each.survived]
    new = [each for each in survived if each.lines not in recorded.get(each.where, {})]
    made = {(each.change.where, each.change.lines) for each in tried}
    stale = [
        f"{where}: {change}"
        for where, changes in recorded.items()
        if where in {each.change.where for each in tried}
        for change in changes
        if (where, change) not in {(each.where, each.lines) for each in survived} & made
    ]
    killed = len(tried) - len(survived)
    console.print(f"{len(tried)} changes: tests notice {killed}, {len(survived) - len(new)} are equivalent", end="")
    console.print(f", {len(new)} are new.")
    if new:
        console.print("\nNo test notices these. Write one, or record in tests/mutants/equivalent.toml why none can:\n")
        console.print(Text(as_toml(new)), soft_wrap=True)
    for each in stale:
        console.print(Text(f"Recorded as equivalent, but a test notices it, or it is not made: {each}"), soft_wrap=True)
    return not new and not stale
