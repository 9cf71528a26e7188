"""Show the reference's answer to a task: after it passes, or when you give it up."""

from __future__ import annotations

import argparse

from tiny_batch_kit.base.paths import RUN

HELP = "the reference's answer to a task that passes (or --give-up)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add which task, and whether to give it up."""
    parser.add_argument("task", metavar="TASK", help="such as 2.3")
    parser.add_argument("--give-up", action="store_true", help="show it before the task passes; progress remembers")


def run(args: argparse.Namespace) -> int:
    """Show the regions, or say why not yet. Returns 1 if the task doesn't pass yet."""
    from rich.syntax import Syntax

    from tiny_batch_kit.base.console import console
    from tiny_batch_kit.course.cutter import regions
    from tiny_batch_kit.course.implementations import folder_of
    from tiny_batch_kit.course.state import State
    from tiny_batch_kit.course.syllabus import load_course
    from tiny_batch_kit.grading.standing import standing

    course, state, out = load_course(), State(), console()
    task = course.task(args.task)
    passed = standing(course.day_of(task.id), course, folder_of("mine")).statuses.get(task.id) == "passed"
    if not passed and not args.give_up and task.id not in state.given_up:
        out.print(
            f"Task {task.id} does not pass yet, so its solution stays closed. There are hints: {RUN} hint {task.id}\n"
            f"To see it anyway: {RUN} solution {task.id} --give-up"
        )
        return 1
    if not passed:
        state.give_up(task.id)
    source = (folder_of("ref") / task.file).read_text(encoding="utf-8")
    lines = source.splitlines()
    for region in regions(source, task.file):
        if region.task == task.id:
            out.print(f"[bold]{region.symbol}[/]  [dim]src/tiny_batch_ref/{task.file}:{region.begin + 2}[/]")
            body = "\n".join(lines[region.begin + 1 : region.end])
            out.print(Syntax(body, "python", theme="ansi_dark", background_color="default", dedent=True))
            out.print()
    return 0
