"""Show a hint of a task: each call goes one step further, from a nudge over a place to a plan. Never the code."""

from __future__ import annotations

import argparse

from tiny_batch_kit.base.paths import RUN

HELP = "a hint for a task (2.3): one step further at each call"
STEPS = ("a nudge", "a place", "a plan")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add which task, and whether to go back."""
    parser.add_argument("task", nargs="?", metavar="TASK", help="such as 2.3; without it, your next open task")
    parser.add_argument("--again", action="store_true", help="show only the hints that you have seen")
    parser.add_argument("--reset", action="store_true", help="forget which hints you have seen")


def run(args: argparse.Namespace) -> int:
    """Show the hints seen so far and the next one."""
    from rich.text import Text

    from tiny_batch_kit.base.console import console
    from tiny_batch_kit.course.state import State
    from tiny_batch_kit.course.syllabus import load_course

    course, state, out = load_course(), State(), console()
    if args.task is None:
        from tiny_batch_kit.grading.standing import next_task

        task = next_task(course)
        if task is None:
            out.print("Every task that is ready passes: there is nothing left to hint at.")
            return 0
    else:
        task = course.task(args.task)
    if args.reset:
        state.set_hints(task.id, 0)
        out.print(f"The hints of Task {task.id} are forgotten.")
        return 0

    seen = min(state.hints(task.id) + (0 if args.again else 1), len(task.hints))
    out.print(f"[bold]Task {task.id} · {task.title}[/]  [dim]src/tiny_batch/{task.file}: {', '.join(task.symbols)}[/]")
    if seen == 0:
        out.print("You have seen no hint of this task.")
    for step, hint in list(zip(STEPS, task.hints, strict=True))[:seen]:
        out.print()
        out.print(Text.assemble((step, "bold cyan"), "  ", hint))
    if not args.again:
        last = state.hints(task.id) >= len(task.hints)
        state.set_hints(task.id, seen)
        out.print(f"\n[dim]{_footer(task.id, seen, len(task.hints), last)}[/]")
    return 0


def _footer(task: str, seen: int, count: int, repeated: bool) -> str:
    if seen < count:
        return f"{STEPS[seen]} is next: {RUN} hint {task}"
    after = f"After the tests pass, or with --give-up, there is {RUN} solution {task}"
    return f"There is no further hint. {after}" if repeated else f"That was the last hint. {after}"
