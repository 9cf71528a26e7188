"""Runs of days' tests against implementations made for the purpose, several at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tiny_batch_kit.authors.coursecheck.layout import Layout
from tiny_batch_kit.authors.coursecheck.problems import Findings
from tiny_batch_kit.course.syllabus import Day
from tiny_batch_kit.grading.records import Record, Status
from tiny_batch_kit.grading.session import Outcome, run_tests

EXTRA = ["--tb=no", "--no-shrink", "--timeout=12"]
"""Only which tests fail counts: no traceback is written, no failing example made smaller.

A hang takes its time, but a busy machine must not look like one: its result would be recorded.
"""

Tick = Callable[[], None]
"""Called after each run: a bar moves."""


@dataclass(frozen=True)
class Job:
    """The tests of one or more days against the implementation in a folder; `where` is the file to blame."""

    where: str
    tests: tuple[str, ...]
    folder: Path


def run_all(jobs: Sequence[Job], tick: Tick, extra: Sequence[str] = ()) -> list[Outcome]:
    """The outcome of each job, in order. As many run at a time as there are cores. extra: more words for pytest."""

    def one(job: Job) -> Outcome:
        outcome = run_tests(job.tests, impl=str(job.folder), extra=[*EXTRA, *extra], warm=True)
        tick()
        return outcome

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return list(pool.map(one, jobs))


def tests_of_day(day: Day) -> tuple[str, ...]:
    """What to give pytest for one day."""
    return (day.tests,)


def ran(job: Job, outcome: Outcome, found: Findings) -> bool:
    """Whether the tests could be run to their end at all; a problem is added otherwise."""
    if outcome.killed_in is not None:
        found.add(job.where, f"{outcome.killed_in} never came to an end")
    elif outcome.ended_in is not None:
        found.add(job.where, f"{outcome.ended_in or 'importing the code'} ended Python before the tests were over")
    elif outcome.collection or not outcome.records:
        said = " ".join("\n".join([*outcome.collection, outcome.output]).split())
        found.add(job.where, f"no test could be run: {said[-400:]}")
    else:
        return True
    return False


def failing(records: Sequence[Record]) -> dict[str, str]:
    """The tests that did not pass, sorted, with the fingerprint of what they got; a skipped test fails nobody."""
    wrong = (Status.FAILED, Status.TIMEOUT, Status.HOLE)
    return {each.name: each.fingerprint for each in sorted(records, key=lambda each: each.name) if each.status in wrong}


def blame(layout: Layout, day: Day, record: Record) -> str:
    """`tests/test_day_02.py::test_name`, where a test that behaves wrongly is."""
    return f"{layout.name(layout.root / day.tests)}::{record.test.rsplit('::', 1)[-1]}"


def said(record: Record) -> str:
    """The first line of what a test failed with."""
    text = record.asked or record.message or record.error or str(record.status)
    return (text.strip().splitlines() or [""])[0][:160]
