"""Show how far you are, by test results: days whose files have changed are tested again."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.text import Text

    from tiny_batch_kit.course.state import State
    from tiny_batch_kit.grading.standing import Standing

HELP = "how far you have come, over all days"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add whether to test what has changed."""
    parser.add_argument("--no-run", action="store_true", help="don't test what has changed, just say so")


def run(args: argparse.Namespace) -> int:
    """Show a bar over all days, a line a day, and what is next."""
    from tiny_batch_kit.base.console import console
    from tiny_batch_kit.course.implementations import folder_of
    from tiny_batch_kit.course.state import State
    from tiny_batch_kit.course.syllabus import load_course
    from tiny_batch_kit.grading.standing import next_task, standing

    course, state, out, mine = load_course(), State(), console(), folder_of("mine")
    standings = []
    with out.status("testing what has changed"):
        for day in course.ready:
            standings.append(standing(day, course, mine, run=not args.no_run))
    out.print(_bar(len(course.days), standings))
    by_day = {each.day.number: each for each in standings}
    for day in course.days:
        if day.number in by_day:
            out.print(_line(by_day[day.number], state))
        else:
            out.print(f"     [dim]Day {day.number:>2}  {day.title:<28} to come[/]")
    task = next_task(course, standings)
    out.print()
    if task is None:
        out.print("Every day that is ready is done.")
    else:
        out.print(f"Next: Task {task.id}, {task.title}: {', '.join(task.symbols)} in src/tiny_batch/{task.file}")
    return 0


def _bar(days: int, standings: list[Standing]) -> Text:
    """`██░░░░····  3 of 8 tasks, …`: three signs a day, dots for days to come."""
    from rich.text import Text

    tasks = [task for each in standings for task in each.day.tasks]
    passed = sum(each.statuses.get(task.id) == "passed" for each in standings for task in each.day.tasks)
    bar = Text("  ")
    for each in standings:
        share = sum(status == "passed" for status in each.statuses.values()) / len(each.day.tasks)
        filled = 3 if share == 1 else int(share * 3)
        bar.append("█" * filled, style="green").append("░" * (3 - filled), style="cyan")
    bar.append("·" * 3 * (days - len(standings)), style="dim")
    done = sum(each.done for each in standings)
    return bar.append(f"  {passed} of {len(tasks)} tasks, {done} of {len(standings)} days that are ready")


def _line(standing: Standing, state: State) -> Text:
    from rich.text import Text

    signs = {
        "passed": ("✓", "green"),
        "failed": ("✗", "red"),
        "hole": ("○", "cyan"),
        "unrun": ("?", "yellow"),
        None: ("?", "yellow"),
    }
    day = standing.day
    line = Text.assemble("  ", ("✓" if standing.done else " ", "bold green"), f"  Day {day.number:>2}  {day.title:<28}")
    for task in day.tasks:
        sign, style = signs[standing.statuses.get(task.id)]
        line.append(f" {sign}", style=style).append(f" {task.id}")
        if task.id in state.given_up:
            line.append(" (given up)", style="dim")
        elif state.hints(task.id):
            line.append(" (hint)" if state.hints(task.id) == 1 else f" ({state.hints(task.id)} hints)", style="dim")
    return line.append("   changed since its last test", style="yellow") if standing.stale else line
