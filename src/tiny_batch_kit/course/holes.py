"""An unfilled hole, in one calm sentence."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from tiny_batch_kit.base.paths import RUN

if TYPE_CHECKING:
    from rich.console import Console

_HOLE = re.compile(r"Task (?P<task>\d+\.\d+): (?P<symbol>[\w.]+): see (?P<chapter>[\w./-]+)")


def sentence(error: NotImplementedError, command: str) -> str | None:
    """Return what to tell a student whose `command` met the hole that raised `error`; None if it is no hole."""
    match = _HOLE.search(str(error))
    if match is None:
        return None
    return (
        f"Task {match['task']} (`{match['symbol']}`) is not written yet, and `{command}` needs it: "
        f"see {match['chapter']}, or `{RUN} hint {match['task']}`."
    )


def run_or_say(work: Callable[[], object], command: str, out: Console) -> int:
    """Run a command's work: 0. If it meets a hole, say which, and that --ref would do: 1."""
    try:
        work()
    except NotImplementedError as error:
        said = sentence(error, command)
        if said is None:
            raise
        out.print(f"{said} With --ref the reference runs instead.", highlight=False)
        return 1
    return 0


def see_that_all_are_filled(day: int) -> None:
    """Raise what the first hole in the student's modules of a day would raise, if there is one."""
    from tiny_batch_kit.course.implementations import folder_of
    from tiny_batch_kit.course.syllabus import load_course

    for module in load_course().day(day).modules:
        match = _HOLE.search((folder_of("mine") / module).read_text(encoding="utf-8"))
        if match is not None:
            raise NotImplementedError(match[0])
