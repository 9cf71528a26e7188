"""Runs of tests against each change, and what came of them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tiny_batch_kit.authors.coursecheck.layout import Layout
from tiny_batch_kit.authors.coursecheck.runs import Job, Tick, run_all, tests_of_day
from tiny_batch_kit.authors.mutation.changes import Change
from tiny_batch_kit.course.syllabus import Day
from tiny_batch_kit.grading.records import Record, Status

AT_ONCE = 100
"""So many changed copies of the reference lie on the disk at a time."""


@dataclass
class Tried:
    """A change, and the records of its task's tests, of all its day's if those pass; none if a run broke off."""

    change: Change
    records: list[Record]
    survived: bool


def try_all(layout: Layout, day: Day, changes: Sequence[Change], tick: Tick, *, full: bool) -> list[Tried]:
    """Run its task's tests against each change, and all of its day against those that they don't notice for sure.

    full: all of the task's tests, and not just until the first is red.
    """
    tried: list[Tried] = []
    for begin in range(0, len(changes), AT_ONCE):
        some = changes[begin : begin + AT_ONCE]
        with tempfile.TemporaryDirectory(prefix="tiny-batch-mutate-") as name:
            folders = [each.make(layout, Path(name) / str(place)) for place, each in enumerate(some)]
            extra = () if full else ("-x",)
            own = [
                Job(c.where, (*tests_of_day(day), f"--task={c.task}"), f) for c, f in zip(some, folders, strict=True)
            ]
            outcomes = run_all(own, tick, extra)
            tried += [Tried(change, each.records, each.passed) for change, each in zip(some, outcomes, strict=True)]
            again = [place for place in range(len(some)) if in_doubt(tried[begin + place])]
            jobs = [Job(some[place].where, tests_of_day(day), folders[place]) for place in again]
            for place, outcome in zip(again, run_all(jobs, lambda: None, extra), strict=True):
                tried[begin + place] = Tried(some[place], outcome.records, outcome.passed)
    return tried


def in_doubt(tried: Tried) -> bool:
    """Whether no test has failed. One that merely took too long did so, perhaps, since the machine was busy."""
    return not any(each.status is Status.FAILED for each in tried.records)


def save(tried: Sequence[Tried], file: Path) -> None:
    """Write what came of the runs, to be read again by `load`."""
    data = [[asdict(each.change), [record.to_json() for record in each.records], each.survived] for each in tried]
    file.write_text(json.dumps(data), encoding="utf-8")


def load(file: Path) -> list[Tried]:
    """What `save` has written."""
    data = json.loads(file.read_text(encoding="utf-8"))
    return [Tried(Change(**change), [Record.from_json(each) for each in records], ok) for change, records, ok in data]
