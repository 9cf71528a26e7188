"""How the student stands, by test results and nothing else.

A result is kept under the hash of all that it depends on: the student's files up to that day, the tests and the kit's
part in them. A changed file has another hash, so an old result can't speak for it.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tiny_batch_kit.base.paths import ROOT
from tiny_batch_kit.base.syntax import parse
from tiny_batch_kit.course.cutter import cut, functions
from tiny_batch_kit.course.implementations import folder_of
from tiny_batch_kit.course.state import State
from tiny_batch_kit.course.syllabus import Course, Day, Task
from tiny_batch_kit.grading.records import Status
from tiny_batch_kit.grading.session import Outcome, run_tests, status_of


@dataclass(frozen=True)
class Standing:
    """A day as the student has it: {task id: status}; `stale` if it was changed and not tested since."""

    day: Day
    statuses: dict[str, Status]
    stale: bool = False

    @property
    def done(self) -> bool:
        """Whether every task passes."""
        return bool(self.day.tasks) and all(self.statuses.get(t.id) is Status.PASSED for t in self.day.tasks)


def key_of(day: Day, course: Course, mine: Path) -> str:
    """The hash of all that the results of a day depend on."""
    files = [mine / module for each in course.days if each.number <= day.number for module in each.modules]
    digest = hashlib.sha256()
    for file in [*files, ROOT / day.tests, ROOT / "pdm.lock"]:
        digest.update(str(file.name).encode())
        digest.update(file.read_bytes() if file.exists() else b"missing")
    return f"day-{day.number}-{digest.hexdigest()[:16]}"


def record(day: Day, outcome: Outcome, key: str) -> None:
    """Keep the statuses of the tasks that were tested. key: of the files before the run, which may change during it."""
    statuses = {}
    for task in day.tasks:
        status = status_of([each for each in outcome.records if each.task == task.id])
        if status is not None:
            statuses[task.id] = str(status)
        elif not outcome.records:  # the files can't be imported, or the run had to be ended: nothing passes
            statuses[task.id] = str(Status.FAILED)
    State().record(key, statuses)


def standing(day: Day, course: Course, mine: Path, *, run: bool = True) -> Standing:
    """How the student stands on a day: from the record of these very files, else from the tests, run now.

    Tasks whose holes are all untouched need no test. run: False leaves changed files untested, and says `stale`.
    """
    holes = untouched(day, course, mine)
    if len(holes) == len(day.tasks):
        return Standing(day, dict.fromkeys(holes, Status.HOLE))
    key = key_of(day, course, mine)
    known = State().results(key) or {}
    statuses = {**{task: Status(status) for task, status in known.items()}, **dict.fromkeys(holes, Status.HOLE)}
    missing = [task for task in day.tasks if task.id not in statuses]
    if not missing:
        return Standing(day, statuses)
    if not run:
        return Standing(day, statuses, stale=True)
    record(day, run_tests([day.tests]), key)
    return standing(day, course, mine, run=False)


def untouched(day: Day, course: Course, mine: Path) -> set[str]:
    """The tasks of which every function is still as the starter has it, comments and spaces aside."""
    starter = {file: _functions(_starter(file, course)) for file in day.modules}
    here = {file: _functions(_text(mine / file)) for file in day.modules}

    def same(task: Task) -> bool:
        theirs = [starter[task.file].get(symbol) for symbol in task.symbols]
        return None not in theirs and theirs == [here[task.file].get(symbol) for symbol in task.symbols]

    return {task.id for task in day.tasks if same(task)}


def _starter(file: str, course: Course) -> str:
    return cut(_text(folder_of("ref") / file), file, course)


def _functions(source: str) -> dict[str, str]:
    """{symbol: its code in one spelling}; empty for a text that is no Python."""
    try:
        return {symbol: ast.dump(node) for symbol, node in functions(parse(source))}
    except (SyntaxError, ValueError):  # ValueError: null bytes, before Python 3.11.4
        return {}


def _text(file: Path) -> str:
    """A file's text; what is no UTF-8 in a student's file is replaced, since only its functions matter here."""
    return file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""


def next_task(course: Course, standings: Sequence[Standing] | None = None) -> Task | None:
    """The first task that doesn't pass; None when all do. Without `standings` the days are looked at one by one."""
    for number, day in enumerate(course.ready):
        how = standings[number] if standings is not None else standing(day, course, folder_of("mine"))
        for task in day.tasks:
            if how.statuses.get(task.id) is not Status.PASSED:
                return task
    return None
