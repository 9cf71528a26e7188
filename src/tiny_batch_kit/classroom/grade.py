"""Grades a class: each submission in a sandbox of its own, several at a time, and what is known already not again."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.base.paths import ROOT
from tiny_batch_kit.classroom import stage as staging
from tiny_batch_kit.classroom.contain import Ran, compile_stage, has_bubblewrap, run_inside
from tiny_batch_kit.classroom.exam import SHEETS, cases_of
from tiny_batch_kit.classroom.judge import Expected, TaskResult, judge_day, nothing, total
from tiny_batch_kit.classroom.lean import needed
from tiny_batch_kit.classroom.signs import copied, reaching
from tiny_batch_kit.classroom.submissions import Submission
from tiny_batch_kit.course.syllabus import Course, Day
from tiny_batch_kit.grading.looks_like import read_signatures
from tiny_batch_kit.grading.records import Record
from tiny_batch_kit.grading.standing import untouched

SECONDS = 600
"""How long one submission may take in all."""


@dataclass
class Graded:
    """What a submission got, task by task, what it tried, what is suspicious, and the seconds that it took."""

    name: str
    results: list[TaskResult]
    seconds: float = 0.0
    tried: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def points(self) -> float:
        """All its points."""
        return total(self.results)

    @property
    def most(self) -> float:
        """How many it could have got."""
        return round(sum(result.most for result in self.results), 6)


Map = Callable[[Callable[[Submission], Graded], Iterable[Submission]], Iterator[Graded]]
"""How work is spread: anything like `ThreadPoolExecutor.map`."""


class Grader:
    """Grades submissions on some days of the course with one secret; results are kept in a folder."""

    def __init__(
        self,
        course: Course,
        days: list[Day],
        secret: str,
        kept: Path | None,
        *,
        bubblewrap: bool | None = None,
        patience: float = 1.0,
        lean: bool = False,
    ) -> None:
        """kept: where results lie, to go on from; None: in a folder that goes with the grader.

        bubblewrap: None takes it where it works. patience: 1 for what a day may take by default. lean: whether to leave
        out the tests that `classroom.lean` finds dispensable.
        """
        self.course, self.days, self.secret = course, days, secret
        self.patience, self.lean = patience, lean
        self.expected: Expected | None = None
        self.bubblewrap = has_bubblewrap() if bubblewrap is None else bubblewrap
        numbers = ",".join(str(day.number) for day in days)
        self.key = sha256(f"{staging.version()} {secret} {numbers} {self.bubblewrap} {lean}".encode()).hexdigest()[:16]
        self._work = tempfile.TemporaryDirectory(prefix="tiny-batch-class-")
        self.stage = staging.build(Path(self._work.name, "stage"), course, days, secret)
        compile_stage(self.stage.folder, bubblewrap=self.bubblewrap)
        self.reference = {path.name: path.read_bytes() for path in (ROOT / "src" / "tiny_batch_ref").glob("*.py")}
        self.starter = {path.name: path.read_bytes() for path in (ROOT / "src" / "tiny_batch").glob("*.py")}
        self._cases = {task: cases_of(task, secret) for task in SHEETS}
        self.kept = Path(self._work.name, "kept") if kept is None else kept
        self.kept.mkdir(parents=True, exist_ok=True, mode=0o700)

    def prepare(self) -> None:
        """Let the reference sit the exam: what it answers is expected, and what it fails is a canary."""
        file = self.kept / f"expected-{self.key}.json"
        if not file.exists():
            found = self._run(self.reference, self.days)[1]
            _save(file, [found[day.number] for day in self.days])
        answers: dict[str, list[Any]] = {}
        tests: dict[int, dict[str, str]] = {}
        canaries: dict[int, dict[str, str]] = {}
        for day, found_day in zip(self.days, json.loads(file.read_text(encoding="utf-8")), strict=True):
            lines = iter(found_day["sheet"].splitlines())
            for task in day.tasks:
                answers[task.id] = [json.loads(next(lines)) for _ in self._cases.get(task.id, ())]
            records = {each["test"]: each for each in json.loads(found_day["results"])["tests"]}
            twins = self.stage.canaries[day.number]
            turned = {
                place: twins[base] + place[len(base) :] for place in records if (base := place.split("[")[0]) in twins
            }
            tests[day.number] = {
                p: r["task"] for p, r in records.items() if p not in turned and r["status"] == "passed"
            }
            failed = {place for place in turned if records[place]["status"] == "failed"}
            canaries[day.number] = {p: twin for p, twin in turned.items() if p in failed and twin in tests[day.number]}
            if self.lean:
                timed = [Record(p, task, seconds=records[p]["seconds"]) for p, task in tests[day.number].items()]
                stay = needed(timed, read_signatures()) | {*canaries[day.number].values()}
                tests[day.number] = {p: task for p, task in tests[day.number].items() if p in stay}
            lost = [p for p, r in records.items() if p not in turned and r["status"] not in ("passed", "skipped")]
            if lost or not tests[day.number]:
                raise KitError(
                    f"the reference itself fails {lost[:3] or day.tests} here: mend that first (course doctor)"
                )
        self.expected = Expected(answers, tests, canaries)

    def grade(self, submission: Submission) -> Graded:
        """Grade one, or take what is known of it."""
        if not self.knows(submission):
            self.keep(submission, self.examine(submission))
        data = json.loads(self._file(submission).read_text(encoding="utf-8"))
        results = [TaskResult(**each) for each in data["results"]]
        return Graded(submission.name, results, data["seconds"], data["tried"], [*submission.notes, *data["notes"]])

    def knows(self, submission: Submission) -> bool:
        """Whether it was graded before."""
        return self._file(submission).exists()

    def keep(self, submission: Submission, data: dict[str, Any]) -> None:
        """Know from now on what `examine` found."""
        _save(self._file(submission), data)

    def _file(self, submission: Submission) -> Path:
        return self.kept / f"{submission.key}-{self.key}.json"

    def examine(self, submission: Submission) -> dict[str, Any]:
        """Run one and judge it, as plain numbers and words."""
        files = {**self.starter, **{name: data for name, data in submission.files.items() if name in self.starter}}
        signs = reaching({name: files[name] for name in files if files[name] != self.starter[name]})
        alike, written = copied(files, self.reference, self.course)
        with tempfile.TemporaryDirectory() as folder:
            mine = _written(files, Path(folder))
            begun = [day for day in self.days if len(untouched(day, self.course, mine)) < len(day.tasks)]
        notes, tried = list[str](), [f"its text reaches for what no task needs: {sign}" for sign in signs]
        if alike:
            notes.append(
                f"{len(alike)} of {written} larger functions are the reference's, names aside: {', '.join(alike[:8])}"
            )
        ran, found = self._run(files, begun) if begun else (None, {})
        if ran is not None and ran.ended:
            tried.append(f"the run was ended: {ran.ended}")
        results: list[TaskResult] = []
        unbelieved = "its text reaches for the judge (see what was tried)" if signs else ""
        for day in self.days:
            if day not in begun:
                results += [TaskResult(task.id, "not begun", 0.0, task.points) for task in day.tasks]
            elif day.number not in found:
                why = "nothing came back of this day"
                results += [each for each in nothing(self.course, why) if each.task.split(".")[0] == str(day.number)]
            else:
                one, more = judge_day(day, found[day.number], self._known(), unbelieved)
                results += one
                tried += more
        kept = [each.to_json() for each in results]
        return {"results": kept, "seconds": ran.seconds if ran else 0.0, "tried": tried[:40], "notes": notes}

    def _known(self) -> Expected:
        if self.expected is None:
            raise KitError("nothing is expected yet: call `prepare` first")
        return self.expected

    def _places(self, day: Day) -> list[str]:
        """Which tests of a day are to run, as pytest wants them: files, or tests in an order that tells nothing."""
        if not self.lean or self.expected is None:  # the reference runs all
            return self.stage.tests[day.number]
        return sorted([*self.expected.tests[day.number], *self.expected.canaries[day.number]])

    def _run(self, files: dict[str, bytes], days: list[Day]) -> tuple[Ran, dict[int, Any]]:
        """What came out of the sandbox, day by day."""
        asked = [
            {
                "day": day.number,
                "tests": self._places(day),
                "cases": [[task.id, case] for task in day.tasks for case in self._cases.get(task.id, ())],
            }
            for day in days
        ]
        with tempfile.TemporaryDirectory(prefix="tiny-batch-one-") as folder:
            mine = _written(files, Path(folder, "tiny_batch"))
            job = json.dumps({"days": asked, "patience": self.patience}).encode()
            ran = run_inside(self.stage.folder, mine, job, SECONDS, bubblewrap=self.bubblewrap)
        found: dict[int, Any] = {}
        for line in ran.output.splitlines():
            try:
                day = json.loads(line)
                found.setdefault(int(day["day"]), day)
            except (ValueError, KeyError, TypeError, RecursionError):
                continue
        return ran, found


def grade_all(
    grader: Grader,
    submissions: list[Submission],
    tick: Callable[[], None],
    spread: Map | None = None,
) -> list[Graded]:
    """All of them, in order; as many at a time as there are cores, unless `spread` does it elsewhere."""

    def one(submission: Submission) -> Graded:
        graded = grader.grade(submission)
        tick()
        return graded

    if spread is not None:
        return list(spread(one, submissions))
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return list(pool.map(one, submissions))


def _written(files: dict[str, bytes], folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def _save(file: Path, data: Any) -> None:
    fresh = file.with_suffix(f".{os.getpid()}.{id(data)}.tmp")
    fresh.write_text(json.dumps(data), encoding="utf-8")
    os.replace(fresh, file)
