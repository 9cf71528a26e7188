"""Run a day's tests, or the whole suite, and say what came of it in the course's terms."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tiny_batch_kit.course.syllabus import Day, Task
    from tiny_batch_kit.grading.session import Outcome

HELP = "run a day's tests (--day N, --task M), or the whole suite"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add which tests, whose code, and how to show it."""
    parser.add_argument("--day", type=int, metavar="N", help="the tests of one day (without it, the whole suite)")
    parser.add_argument("--task", metavar="M", help="the tests of one task: 3 or 2.3")
    whose = parser.add_mutually_exclusive_group()
    whose.add_argument("--ref", action="store_true", help="test the reference, not your code")
    whose.add_argument("--impl", metavar="DIR", help="test the implementation in a folder")
    parser.add_argument("--borrow", action="store_true", help="take the days before N from the reference")
    parser.add_argument("--raw", action="store_true", help="show pytest's own output")
    parser.add_argument("pytest_args", nargs="*", metavar="-- ARGS", help="more arguments for pytest")


def run(args: argparse.Namespace) -> int:
    """Run the tests. Returns 0 only when all pass."""
    from tiny_batch_kit.base.errors import KitError
    from tiny_batch_kit.course.syllabus import load_course

    course = load_course()
    if args.day is None and args.task and "." in args.task:
        args.day = course.day_of(args.task).number
    if args.day is None:
        if args.task or args.borrow:
            raise KitError("--task and --borrow belong to one day: give --day N too.")
        return _whole_suite(args)
    day = course.ready_day(args.day)
    tasks = (day.task(args.task),) if args.task else day.tasks
    return _raw(args, day, tasks) if args.raw else _day(args, day, tasks)


def run_day(
    day: Day, tasks: tuple[Task, ...], *, impl: str = "mine", borrow: bool = False, extra: tuple[str, ...] = ()
) -> Outcome:
    """Run the tests of some tasks of a day with a line that moves while they run; record the student's results."""
    from tiny_batch_kit.base.console import console
    from tiny_batch_kit.course.implementations import folder_of
    from tiny_batch_kit.course.syllabus import load_course
    from tiny_batch_kit.grading.session import run_tests
    from tiny_batch_kit.grading.standing import key_of, record

    key = key_of(day, load_course(), folder_of("mine"))  # before the run: the files may change during it
    arguments = [*_only(day, tasks), *extra]
    with console().status(f"Day {day.number} · {day.title}"):
        outcome = run_tests([day.tests], impl=impl, borrow_before=day.number if borrow else None, extra=arguments)
    if impl == "mine" and not borrow and not extra:
        record(day, outcome, key)
    return outcome


def _day(args: argparse.Namespace, day: Day, tasks: tuple[Task, ...]) -> int:
    from tiny_batch_kit.base.console import console
    from tiny_batch_kit.grading.report import show

    outcome = run_day(day, tasks, impl=_impl(args), borrow=args.borrow, extra=tuple(args.pytest_args))
    console().print(f"[bold]Day {day.number} · {day.title}[/]" + ("  [dim](reference)[/]" if args.ref else ""))
    show(console(), day, tasks, outcome)
    tested = {record.task for record in outcome.records}
    return 0 if outcome.passed and (args.pytest_args or tested >= {task.id for task in tasks}) else 1


def _raw(args: argparse.Namespace, day: Day, tasks: tuple[Task, ...]) -> int:
    return _pytest(args, [day.tests, *_only(day, tasks), "--plain-holes"], day.number if args.borrow else None)


def _whole_suite(args: argparse.Namespace) -> int:
    """The days that are ready, the kit and the book, in pytest's own words: a log needs its closing line."""
    from tiny_batch_kit.course.syllabus import load_course
    from tiny_batch_kit.grading.session import TEST_SECONDS

    days = [day.tests for day in load_course().ready]
    # The book is built and opened in a browser, and the kit loads the real model: these may take longer than a task.
    return _pytest(args, [*days, "tests/kit", "tests/book", f"--timeout={12 * TEST_SECONDS}"], None)


def _pytest(args: argparse.Namespace, tests: list[str], borrow_before: int | None) -> int:
    """Run pytest in this terminal. Its status is 0 only if its own record says, too, that every test passed."""
    import os
    import subprocess
    import sys
    import tempfile
    from pathlib import Path

    from tiny_batch_kit.base.paths import ROOT
    from tiny_batch_kit.grading.session import Outcome

    command = [sys.executable, "-m", "pytest", f"--impl={_impl(args)}", *tests, *args.pytest_args]
    command += [f"--borrow-before={borrow_before}"] if borrow_before is not None else []
    environment = {name: value for name, value in os.environ.items() if name != "TINY_BATCH_RUN"}
    environment["TINY_BATCH_BLAS"] = "bundled"
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results.json"
        outcome = Outcome(exit_status=subprocess.call([*command, f"--results={results}"], cwd=ROOT, env=environment))
        outcome.read(results)
    if outcome.exit_status or outcome.passed:
        return outcome.exit_status
    where = f"was ended in {outcome.ended_in or 'an import'}" if outcome.ended_in is not None else "ended with status 0"
    print(
        f"Python {where}, but not every test has run and passed. Only the tests count: look for os._exit, atexit or "
        "pytest.exit in the code that was tested.",
        file=sys.stderr,
    )
    return 1


def _impl(args: argparse.Namespace) -> str:
    from tiny_batch_kit.course.implementations import folder_of

    if args.ref:
        return "ref"
    return str(folder_of(args.impl)) if args.impl else "mine"


def _only(day: Day, tasks: tuple[Task, ...]) -> list[str]:
    """The option that keeps pytest to some tasks; none for a whole day."""
    return [] if len(tasks) == len(day.tasks) else [f"--task={task.id}" for task in tasks]
