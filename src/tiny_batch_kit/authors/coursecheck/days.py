"""Whether each day begins red and can be finished: on the starter, and with the days up to it solved."""

from __future__ import annotations

from pathlib import Path

from tiny_batch_kit.authors.coursecheck.folders import reference_until
from tiny_batch_kit.authors.coursecheck.layout import Layout
from tiny_batch_kit.authors.coursecheck.problems import Findings
from tiny_batch_kit.authors.coursecheck.runs import Job, Tick, blame, ran, run_all, said, tests_of_day
from tiny_batch_kit.grading.records import Status


def check_red(layout: Layout, work: Path, tick: Tick) -> Findings:
    """Every test of a day meets a hole of that very day as long as nothing of the day is written.

    The days before are solved: a student who begins Day 3 has finished Day 2, and must see Day 3 red all the same.
    """
    found = Findings()
    days = layout.days
    jobs = [
        Job(day.tests, tests_of_day(day), reference_until(layout, day.number - 1, work / f"red-{day.number}"))
        for day in days
    ]
    count = 0
    for day, job, outcome in zip(days, jobs, run_all(jobs, tick), strict=True):
        if not ran(job, outcome, found):
            continue
        count += len(outcome.records)
        ids = {task.id for task in day.tasks}
        for record in outcome.records:
            if record.status is Status.PASSED:
                found.add(blame(layout, day, record), "passes before any work: it must meet the hole of its task")
            elif record.status is not Status.HOLE:
                found.add(blame(layout, day, record), f"is {record.status} on the starter, not a hole: {said(record)}")
            elif record.hole not in ids:
                found.add(blame(layout, day, record), f"meets the hole of Task {record.hole}, of another day")
    found.looked_at = f"{count} tests on the starter"
    return found


def check_green(layout: Layout, work: Path, tick: Tick) -> Findings:
    """Each day passes with the reference up to it and the starter beyond: it needs nothing from a later day."""
    found = Findings()
    days = layout.days
    jobs = [
        Job(day.tests, tests_of_day(day), reference_until(layout, day.number, work / f"green-{day.number}"))
        for day in days
    ]
    count = 0
    for day, job, outcome in zip(days, jobs, run_all(jobs, tick), strict=True):
        if not ran(job, outcome, found):
            continue
        count += len(outcome.records)
        for record in outcome.records:
            if record.status is Status.HOLE:
                found.add(blame(layout, day, record), f"needs Task {record.hole}, of a later day")
            elif record.status is not Status.PASSED:
                found.add(blame(layout, day, record), f"is {record.status} on the reference: {said(record)}")
    found.looked_at = f"{count} tests on the reference"
    return found
