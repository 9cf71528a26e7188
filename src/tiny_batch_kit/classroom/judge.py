"""What a submission earned: compares its answers with the reference's, and its tests with their canaries.

Runs where no submission was ever imported: all that comes in is text, and any of it may be forged.
"""

from __future__ import annotations

import json
import math
import signal
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from tiny_batch_kit.course.syllabus import Course, Day, Task
from tiny_batch_kit.grading.looks_like import all_wrong, looks_like, read_signatures
from tiny_batch_kit.grading.records import Record, Status
from tiny_batch_kit.grading.report import import_error

LONGEST = 1500
"""So many letters of any text from a submission are kept."""


@dataclass
class TaskResult:
    """A task: its status in a word, points of how many, and what to tell the student."""

    task: str
    status: str
    points: float
    most: float
    messages: list[str] = field(default_factory=list)
    looks_like: list[str] = field(default_factory=list)
    red: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """All fields as plain JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Expected:
    """What the judge alone knows.

    answers: the reference's to the exam, a list a task. tests: {day: {place in the stage: its task}}. canaries: {day:
    {place of one that must fail: place of its twin with the true promise}}.
    """

    answers: Mapping[str, Sequence[Any]]
    tests: Mapping[int, Mapping[str, str]]
    canaries: Mapping[int, Mapping[str, str]]


def same(got: Any, expected: Any) -> bool:
    """Whether two answers agree: numbers to a millionth, errors by their type; a hole agrees with nothing."""
    if isinstance(expected, dict):
        if not isinstance(got, dict) or "hole" in got:
            return False
        return got.keys() == expected.keys() and all(k == "said" or same(got[k], expected[k]) for k in expected)
    if isinstance(expected, list):
        return isinstance(got, list) and len(got) == len(expected) and all(map(same, got, expected))
    if isinstance(expected, bool) or expected is None or isinstance(expected, str):
        return type(got) is type(expected) and bool(got == expected)
    if isinstance(got, bool) or not isinstance(got, int | float):
        return False
    return got == expected or math.isclose(got, expected, rel_tol=1e-6, abs_tol=1e-9)


def judge_day(
    day: Day, found: Mapping[str, Any], expected: Expected, unbelieved: str
) -> tuple[list[TaskResult], list[str]]:
    """The results of a day's tasks, and what was tried. found: the line that came out of the sandbox for this day.

    unbelieved: why nothing is believed that the submission's own process says; "" if there is no reason.
    """
    results_of_tests = _parsed(found.get("results", ""))
    records, tried = _records(results_of_tests)
    broken = _import_errors(results_of_tests)
    places, canaries = expected.tests[day.number], expected.canaries[day.number]
    by_place = {record.test: record for record in records if record.test in places or record.test in canaries}
    passed = {place for place, record in by_place.items() if record.status is Status.PASSED}
    told = [place for place, twin in canaries.items() if place in passed and twin in passed]
    if told:
        tried.append(f"Day {day.number}: {len(told)} tests passed that can't be passed: the judge was tampered with")
        unbelieved = unbelieved or "tests passed that must fail"
    real = [replace(by_place[place], task=task) for place, task in places.items() if place in by_place]
    sheet = _answers(day, found, expected)
    wrong, signatures = all_wrong_of(day), read_signatures()
    counts = Counter(places.values())
    results = []
    for task in day.tasks:
        mine = [record for record in real if record.task == task.id]
        result = _task(task, mine, counts[task.id], sheet[task.id], unbelieved, broken)
        if result.red:
            result.looks_like = looks_like(task.id, real, wrong, signatures)
        results.append(result)
    if found.get("full") is True:
        tried.append(f"Day {day.number}: the code filled the disk that it may use")
    tried += _ended(day, found, bool(records))
    return results, tried


def _ended(day: Day, found: Mapping[str, Any], any_record: bool) -> list[str]:
    """In a line, if the run of a day was ended before its end: where, and how."""
    how = found.get("ended", {})
    if not how.get("tests") and (any_record or not how.get("sheet")):
        return []
    where = str(found.get("running", ""))[-200:].rsplit("::", 1)[-1]
    late = (how.get("tests") or how.get("sheet")) in ("too long", str(-signal.SIGXCPU), str(-signal.SIGKILL))
    why = "its time was over" if late else "by the code"
    return [f"Day {day.number}: Python was ended{f' in {where}' if where else ''}: {why}"]


def all_wrong_of(day: Day) -> list[Any]:
    """The known wrong solutions of a day."""
    return [each for each in all_wrong() if each.task.split(".")[0] == str(day.number)]


def total(results: Sequence[TaskResult]) -> float:
    """The points of some tasks."""
    return round(sum(result.points for result in results), 6)


def nothing(course: Course, why: str) -> list[TaskResult]:
    """The results of a submission that could not be run at all."""
    tasks = [task for day in course.ready for task in day.tasks]
    return [TaskResult(task.id, "not run", 0.0, task.points, [why]) for task in tasks]


def _parsed(text: Any) -> Any:
    """What came out as the results of tests: no tests if nothing did, None if it can't be read."""
    try:
        return json.loads(text) if text else {"tests": []}
    except (ValueError, TypeError, RecursionError):
        return None


def _records(results: Any) -> tuple[list[Record], list[str]]:
    """The records that came out, if they are records at all."""
    try:
        records = [Record.from_json({key: _short(value) for key, value in test.items()}) for test in results["tests"]]
    except (ValueError, KeyError, TypeError, AttributeError):
        return [], ["the records of its tests were edited, and can't be read"]
    seen = {record.test for record in records}
    return (records, []) if len(seen) == len(records) else ([], ["a test has two records: they were edited"])


def _import_errors(results: Any) -> list[str]:
    """Why the files of tests could not be imported: such as a module's SyntaxError. [] if they were."""
    try:
        return sorted({_short(import_error(line)) for line in results["collection"][:20]})
    except (ValueError, KeyError, TypeError, AttributeError):
        return []


def _short(value: Any) -> Any:
    return value[:LONGEST] if isinstance(value, str) else value


def _answers(day: Day, found: Mapping[str, Any], expected: Expected) -> dict[str, list[str]]:
    """{task: what is wrong with its answers to the exam}; [] for a task whose answers are all right."""
    lines = iter(str(found.get("sheet", "")).splitlines())
    wrong: dict[str, list[str]] = {}
    for task in day.tasks:
        wrong[task.id] = []
        for number, answer in enumerate(expected.answers.get(task.id, ())):
            try:
                got = json.loads(next(lines, "null"))
            except (ValueError, RecursionError):
                got = None
            if not same(got, answer):
                wrong[task.id].append(f"held-out case {number + 1}: {_said(got)}")
    return wrong


def _said(got: Any) -> str:
    if not isinstance(got, dict):
        return "no answer came"
    if "hole" in got:
        return "met a hole"
    if "raised" in got:
        return f"raised {got['raised']}: {got.get('said', '')}"[:LONGEST]
    return f"another answer than the reference's: {json.dumps(got.get('is'))[:300]}"


def _task(
    task: Task, records: list[Record], count: int, exam: list[str], unbelieved: str, broken: Sequence[str]
) -> TaskResult:
    """A task is passed if every one of its tests passed, nobody tampered with them, and every answer is right."""
    red = [record for record in records if record.status not in (Status.PASSED, Status.SKIPPED)]
    result = TaskResult(task.id, "passed", 0.0, task.points)
    if records and all(record.status is Status.HOLE for record in records):
        result.status = "not begun"
        return result
    messages = [f"{record.test.rsplit('::', 1)[-1]}: {_message(record)}" for record in red[:3]]
    result.red = [record.test for record in red if record.status is not Status.HOLE]
    if red:
        result.status = "red"
    elif len(records) < count or not count:
        why = [f"its tests could not be imported: {error}" for error in broken[:2]]
        result.status, messages = "not run", why or ["its tests did not come to their end: a loop, a crash, or an exit"]
    elif unbelieved:
        result.status, messages = "not believed", [f"its tests are not believed: {unbelieved}"]
    elif exam:
        result.status, messages = "exam", exam[:2]
    else:
        result.points = task.points
    result.messages = messages
    return result


def _message(record: Record) -> str:
    if record.status is Status.HOLE:
        return f"needs Task {record.hole}, which is not written"
    if record.status is Status.TIMEOUT:
        return "did not end in its time"
    if record.asked:
        return f"asked: {record.asked}\ncase: {record.case}\ngot: {record.got}\nexpected: {record.expected}"
    return f"{record.error}: {record.message}\n{record.where} {record.line}".strip()
