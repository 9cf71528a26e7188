"""Run a day's tests whenever you save. Keys: r runs, h gives a hint, q quits."""

from __future__ import annotations

import argparse
import os
import queue
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tiny_batch_kit.course.syllabus import Day

HELP = "run a day's tests whenever you save"
KEYS = "r run · h hint · q quit"
LOOK_MS = 200
"""So often a key that was typed is looked for."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add which day, and how to notice a change."""
    parser.add_argument("--day", type=int, metavar="N", help="the day to watch; without it, your first unfinished one")
    parser.add_argument("--poll", action="store_true", help="look at the files now and then: for network folders")


def run(args: argparse.Namespace) -> int:
    """Run the tests, then again at each save, until q or Ctrl-C."""
    from watchfiles import watch

    from tiny_batch_kit.base.paths import ROOT
    from tiny_batch_kit.course.implementations import folder_of

    day = _day(args.day)
    first = True
    with suppress(KeyboardInterrupt), _keys() as keys:
        # The first run comes when the watcher stands, so that a save during it is noticed too.
        for changes in watch(
            folder_of("mine"),
            ROOT / day.tests,
            force_polling=args.poll or None,
            yield_on_timeout=True,
            rust_timeout=LOOK_MS,
        ):
            key = "r" if changes or first else _typed(keys)
            first = False
            if key == "r":
                _run(day)
            elif key == "h":
                _hint(day)
    return 0


def _day(number: int | None) -> Day:
    from tiny_batch_kit.course.syllabus import load_course
    from tiny_batch_kit.grading.standing import next_task

    course = load_course()
    if number is not None:
        return course.ready_day(number)
    task = next_task(course)
    return course.day_of(task.id) if task is not None else course.ready[-1]


def _run(day: Day) -> None:
    from tiny_batch_kit.base.console import console
    from tiny_batch_kit.commands.test import run_day
    from tiny_batch_kit.grading.report import show

    out = console()
    if out.is_terminal:
        out.clear()
    outcome = run_day(day, day.tasks)
    out.print(f"[bold]Day {day.number} · {day.title}[/]")
    show(out, day, day.tasks, outcome)
    out.print(
        f"[dim]watching src/tiny_batch: save a file to test it · {KEYS if sys.stdin.isatty() else 'Ctrl-C quits'}[/]"
    )


def _hint(day: Day) -> None:
    """A hint for the first task of the watched day that doesn't pass."""
    from tiny_batch_kit.base.console import console
    from tiny_batch_kit.commands import hint
    from tiny_batch_kit.course.implementations import folder_of
    from tiny_batch_kit.course.syllabus import load_course
    from tiny_batch_kit.grading.records import Status
    from tiny_batch_kit.grading.standing import standing

    statuses = standing(day, load_course(), folder_of("mine")).statuses
    task = next((task for task in day.tasks if statuses.get(task.id) is not Status.PASSED), None)
    if task is None:
        console().print(f"Every task of Day {day.number} passes: there is nothing left to hint at.")
    else:
        hint.run(argparse.Namespace(task=task.id, again=False, reset=False))


@contextmanager
def _keys() -> Iterator[queue.SimpleQueue[str]]:
    """The keys that are typed while the block runs, none without a terminal; afterwards the terminal is as before."""
    typed: queue.SimpleQueue[str] = queue.SimpleQueue()
    if not sys.stdin.isatty():
        yield typed
        return
    import termios
    import tty

    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    tty.setcbreak(terminal, termios.TCSADRAIN)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a script's background jobs begin with Ctrl-C ignored
    threading.Thread(target=_listen, args=(typed,), daemon=True).start()
    try:
        yield typed
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def _listen(typed: queue.SimpleQueue[str]) -> None:
    """Pass keys on; q is as Ctrl-C, which also ends tests that are running."""
    with suppress(OSError, ValueError):  # the terminal went away
        while key := sys.stdin.read(1):
            if key == "q":
                os.kill(os.getpid(), signal.SIGINT)
                return
            typed.put(key)


def _typed(keys: queue.SimpleQueue[str]) -> str | None:
    """The last key that was typed since the last look, if any."""
    key = None
    with suppress(queue.Empty):
        while True:
            key = keys.get_nowait()
    return key
