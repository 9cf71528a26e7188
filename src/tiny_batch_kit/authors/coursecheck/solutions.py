"""Whether every wrong solution is caught by the test that it names, and every other right solution passes."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from tiny_batch_kit.authors.coursecheck.folders import reference_with
from tiny_batch_kit.authors.coursecheck.layout import Layout, folder_of, tests_of
from tiny_batch_kit.authors.coursecheck.problems import Findings
from tiny_batch_kit.authors.coursecheck.runs import Job, Tick, failing, ran, run_all, said, tests_of_day
from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.course.syllabus import Day
from tiny_batch_kit.grading.looks_like import Signatures, Wrong, read_signatures, read_wrong
from tiny_batch_kit.grading.records import Status

UPDATE = "run python scripts/check_course.py --update"
AT_LEAST = 8
"""So many wrong solutions must a day have: fewer say that nobody looked for what students get wrong."""


@dataclass(frozen=True)
class _Case:
    day: Day
    wrong: Wrong
    job: Job


def check_wrong(layout: Layout, work: Path, tick: Tick, *, update: bool = False, full: bool = False) -> Findings:
    """Each wrong solution fails the test that it names, and all that are recorded for it.

    full: run all tests of its day, and it may fail no other either. update: do so, and record what fails now instead.
    """
    found = Findings()
    signatures, record = read_signatures(layout.signatures), layout.name(layout.signatures)
    chosen = {} if full or update else signatures
    cases = [case for day in layout.days for case in _cases(layout, day, work, chosen, found)]
    looked_at = {folder_of(day) for day in layout.days}
    recorded = {name: tests for name, tests in signatures.items() if not layout.only or name.split("/")[0] in looked_at}
    fresh: Signatures = {}
    for case, outcome in zip(cases, run_all([case.job for case in cases], tick), strict=True):
        where, wrong = case.job.where, case.wrong
        if not ran(case.job, outcome, found):
            continue
        holes = {each.hole for each in outcome.records if each.status is Status.HOLE}
        if holes:
            found.add(where, f"meets a hole, of Task {min(filter(None, holes))}: a wrong solution must be a whole one")
        fails = fresh[wrong.name] = failing(outcome.records)
        if not fails:
            found.add(where, "is caught by no test at all")
        elif wrong.caught_by not in fails:
            found.add(where, f"is not caught by {wrong.caught_by}, but by {', '.join(fails)}")
        if not update and recorded.get(wrong.name, {}).keys() != fails.keys():
            found.add(record, f"{_change(wrong.name, recorded.get(wrong.name), fails)}: {UPDATE}")
    if update:
        kept = {name: tests for name, tests in signatures.items() if name not in recorded}
        layout.signatures.write_text(json.dumps(dict(sorted({**kept, **fresh}.items())), indent=1) + "\n", "utf-8")
    else:
        for name in sorted(recorded.keys() - {case.wrong.name for case in cases}):
            found.add(record, f"{name} is recorded, but there is no such wrong solution: {UPDATE}")
    found.notes += _alike(cases, fresh)
    found.looked_at = f"{len(cases)} wrong solutions"
    return found


def check_alternatives(layout: Layout, work: Path, tick: Tick) -> Findings:
    """Every other right solution passes every test of its day: a test that refuses one asks for too much."""
    found = Findings()
    jobs = []
    for day in layout.days:
        for path in layout.alternatives(day):
            job = _job(layout, day, path, work / "right" / folder_of(day) / path.stem, found)
            jobs += [job] if job else []
    for job, outcome in zip(jobs, run_all(jobs, tick), strict=True):
        if ran(job, outcome, found):
            for record in outcome.records:
                if record.status is not Status.PASSED:
                    found.add(job.where, f"is right, but {record.name} is {record.status}: {said(record)}")
    found.looked_at = f"{len(jobs)} other right solutions"
    return found


def _cases(layout: Layout, day: Day, work: Path, chosen: Signatures, found: Findings) -> list[_Case]:
    """A day's wrong solutions, ready to run; what is wrong with their files is added to `found`.

    chosen: the tests to run for each, beside the one that it names; all of the day for one that has none.
    """
    cases = []
    path = layout.root / day.tests
    tests = {test.name: test.tasks for test in tests_of(path.read_text(encoding="utf-8"))} if path.is_file() else {}
    files = layout.wrong(day)
    if len(files) < AT_LEAST:
        found.add(f"tests/mutants/{folder_of(day)}", f"holds {len(files)}, and a day needs at least {AT_LEAST}")
    for file in files:
        where = layout.name(file)
        try:
            wrong = read_wrong(file)
            day.task(wrong.task)
        except (KitError, SyntaxError) as error:
            found.add(where, str(error).removeprefix(f"{file}: "))
            continue
        test_file, _, test = wrong.caught_by.partition("::")
        if test_file != path.name or test.split("[")[0] not in tests:
            found.add(where, f"names {wrong.caught_by}, which is no test of {layout.name(path)}")
            continue
        job = _job(layout, day, file, work / "wrong" / folder_of(day) / file.stem, found)
        if job and wrong.name in chosen:
            job = replace(job, tests=_in_order({*chosen[wrong.name], wrong.caught_by}, path, list(tests)))
        cases += [_Case(day, wrong, job)] if job else []
    return cases


def _in_order(chosen: set[str], path: Path, tests: list[str]) -> tuple[str, ...]:
    """What to give pytest for some tests of a file, in the order of the file: after one that hangs, none is run."""
    place = {name: number for number, name in enumerate(tests)}
    known = [(place[base], each) for each in chosen if (base := each.partition("::")[2].split("[")[0]) in place]
    return tuple(f"{path.parent}/{each}" for _, each in sorted(known))


def _job(layout: Layout, day: Day, file: Path, folder: Path, found: Findings) -> Job | None:
    try:
        return Job(layout.name(file), tests_of_day(day), reference_with(layout, file, folder))
    except (KitError, SyntaxError) as error:
        found.add(layout.name(file), str(error))
        return None


def _change(name: str, before: Iterable[str] | None, now: Iterable[str]) -> str:
    if before is None:
        return f"{name} is not recorded"
    more, fewer = sorted(set(now) - set(before)), sorted(set(before) - set(now))
    parts = [f"now also fails {', '.join(more)}"] if more else []
    parts += [f"no longer fails {', '.join(fewer)}"] if fewer else []
    return f"{name} {' and '.join(parts)}"


def _alike(cases: list[_Case], fresh: Signatures) -> list[str]:
    """Wrong solutions of one task that fail the same tests with the same results: no student can be told which."""
    groups: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for case in cases:
        if case.wrong.name in fresh:
            groups[case.wrong.task, str(fresh[case.wrong.name])].append(case.wrong.name)
    return [f"no test tells apart: {', '.join(names)}" for names in groups.values() if len(names) > 2]
