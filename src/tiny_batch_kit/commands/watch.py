"""Run a day's tests whenever you save. Keys: r runs, h gives a hint, q quits."""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tiny_batch_kit.course import Day

HELP = "run a day's tests whenever you save"
KEYS = "r run · h hint · q quit"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add which day, and how to notice a change."""
    parser.add_argument("--day", type=int, metavar="N", help="the day to watch; your first unfinished one without")
    parser.add_argument("--poll", action="store_true", help="look at the files now and then: for network folders")


def run(args: argparse.Namespace) -> int:
    """Run the tests, then again at each save, until q or Ctrl-C."""
    from watchfiles import watch

    from tiny_batch_kit.console import console
    from tiny_batch_kit.implementations import folder_of
    from tiny_batch_kit.paths import ROOT

    day, stop = _day(args.day), threading.Event()
    _run(day)
    actions = {"r": lambda: _run(day), "h": _hint, "q": stop.set}
    with _keys(actions):
        console().print(f"[dim]watching src/tiny_batch ({KEYS if sys.stdin.isatty() else 'Ctrl-C quits'})[/]")
        for _changes in watch(
            folder_of("mine"), ROOT / day.tests, stop_event=stop, force_polling=args.poll or None, raise_interrupt=False
        ):
            with _BUSY:
                _run(day)
    return 0


_BUSY = threading.Lock()
"""A key and a save at the same moment take turns."""


def _day(number: int | None) -> Day:
    from tiny_batch_kit.course import load_course
    from tiny_batch_kit.grading.standing import next_task

    course = load_course()
    if number is not None:
        return course.ready_day(number)
    task = next_task(course)
    return course.day_of(task.id) if task is not None else course.ready[-1]


def _run(day: Day) -> None:
    from tiny_batch_kit.commands.test import run_day
    from tiny_batch_kit.console import console
    from tiny_batch_kit.grading.report import show

    out = console()
    if out.is_terminal:
        out.clear()
    outcome = run_day(day, day.tasks)
    out.print(f"[bold]Day {day.number} · {day.title}[/]")
    show(out, day, day.tasks, outcome)
    out.print(f"[dim]{KEYS}[/]")


def _hint() -> None:
    from tiny_batch_kit.commands import hint

    hint.run(argparse.Namespace(task=None, again=False, reset=False))


@contextmanager
def _keys(actions: dict[str, Callable[[], None]]) -> Iterator[None]:
    """Read single keys in the background while the block runs; the terminal is as before afterwards, come what may."""
    if not sys.stdin.isatty():
        yield
        return
    import termios
    import tty

    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    tty.setcbreak(terminal)
    threading.Thread(target=_listen, args=(actions,), daemon=True).start()
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def _listen(actions: dict[str, Callable[[], None]]) -> None:
    with suppress(OSError, ValueError):  # the terminal went away
        while key := sys.stdin.read(1):
            if key in actions:
                with _BUSY:
                    actions[key]()
            if key == "q":
                return
