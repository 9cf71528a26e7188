"""How much the exam's sheets see: which solutions get another answer than the reference to some held-out case."""

from __future__ import annotations

import json
import os
import resource
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tiny_batch_kit.authors.coursecheck.folders import reference_with
from tiny_batch_kit.authors.coursecheck.layout import Layout
from tiny_batch_kit.classroom import exam
from tiny_batch_kit.classroom.exam import SHEETS, cases_of
from tiny_batch_kit.classroom.judge import same
from tiny_batch_kit.course import implementations
from tiny_batch_kit.course.syllabus import Day
from tiny_batch_kit.grading.looks_like import read_wrong

CASE_SECONDS, MOST_SECONDS = 5, 12
"""Of the processor, for a case and for all."""


@dataclass(frozen=True)
class Seen:
    """What a task's sheet sees: the seconds that the reference takes for it, and solutions by their files' names.

    caught, missed: wrong solutions of this task. refused: right ones, which it must not refuse.
    """

    task: str
    seconds: float
    caught: tuple[str, ...]
    missed: tuple[str, ...]
    refused: tuple[str, ...]


def sit(folder: Path, tasks: Sequence[str], secret: str) -> dict[str, list[str]]:
    """The answers of the solution in `folder` to the sheets of some tasks, from a fork of this process.

    Those that it did not come to are missing: it may crash, or take too long. KitError if this process has imported
    `tiny_batch`.
    """
    implementations.refuse_if_imported()
    with tempfile.TemporaryDirectory(prefix="tiny-batch-sheet-") as place:
        file = Path(place, "answers")
        child = os.fork()
        if child == 0:
            try:
                _answer(folder, tasks, secret, file)
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        lines = file.read_text("utf-8").splitlines() if file.exists() else []
    found: dict[str, list[str]] = {task: [] for task in tasks}
    for line in lines:
        task, _, text = line.partition(" ")
        found[task].append(text)
    return found


def _answer(folder: Path, tasks: Sequence[str], secret: str, file: Path) -> None:
    """In the fork: sit the exam, as far as that goes in MOST_SECONDS."""
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    implementations.install(folder)
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    cases = [(task, json.loads(json.dumps(case))) for task in tasks for case in cases_of(task, secret)]
    with file.open("w", encoding="utf-8") as lines:
        for (task, _), given in zip(cases, exam.sit(cases, CASE_SECONDS), strict=True):
            lines.write(f"{task} {given}\n")
            lines.flush()


def right(got: Sequence[str], expected: Sequence[str]) -> bool:
    """Whether all answers to a sheet are the reference's."""
    return len(got) == len(expected) and all(
        same(json.loads(a), json.loads(b)) for a, b in zip(got, expected, strict=True)
    )


def look(layout: Layout, day: Day, secret: str, only: Sequence[str] = (), *, wrong: bool = True) -> list[Seen]:
    """What the sheets of a day see, in the order of its tasks.

    only: of these tasks; () for all. wrong: whether to look at wrong solutions too, which takes the most time.
    """
    tasks = [task.id for task in day.tasks if task.id in SHEETS and (not only or task.id in only)]
    expected, seconds = dict[str, list[str]](), dict[str, float]()
    for task in tasks:
        began = time.monotonic()
        expected[task] = sit(layout.reference, [task], secret)[task]
        seconds[task] = time.monotonic() - began
    caught: dict[str, list[str]] = {task: [] for task in tasks}
    missed: dict[str, list[str]] = {task: [] for task in tasks}
    refused = {task: [] if _all_answered(expected[task]) else ["the reference"] for task in tasks}
    with tempfile.TemporaryDirectory(prefix="tiny-batch-sheets-") as work:
        for file in layout.alternatives(day):
            got = sit(reference_with(layout, file, Path(work, f"right-{file.stem}")), tasks, secret)
            for task in tasks:
                refused[task] += [] if right(got[task], expected[task]) else [file.stem]
        for file in layout.wrong(day) if wrong else ():
            task = read_wrong(file).task
            if task in tasks:
                got = sit(reference_with(layout, file, Path(work, f"wrong-{file.stem}")), [task], secret)
                (missed if right(got[task], expected[task]) else caught)[task].append(file.stem)
    return [Seen(task, seconds[task], tuple(caught[task]), tuple(missed[task]), tuple(refused[task])) for task in tasks]


def _all_answered(answers: Sequence[str]) -> bool:
    """Whether these are answers, and no holes, crashes or errors that were not meant."""
    return bool(answers) and all("hole" not in each for each in map(json.loads, answers))
