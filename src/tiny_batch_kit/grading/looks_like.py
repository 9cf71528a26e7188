"""Which known wrong solution a failure looks like: the one that fails the same tests."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.base.paths import ROOT
from tiny_batch_kit.grading.records import Record, Status

WRONG = ROOT / "tests" / "mutants"
SIGNATURES = WRONG / "signatures.json"


@dataclass(frozen=True)
class Wrong:
    """A wrong solution: the misconception in the student's terms, its task, the test that must catch it, its file."""

    misconception: str
    task: str
    caught_by: str
    path: Path

    @property
    def name(self) -> str:
        """`day_02/right_pad`, its key in signatures.json."""
        return f"{self.path.parent.name}/{self.path.stem}"


def read_wrong(path: Path) -> Wrong:
    """The wrong solution in a file. KitError if its docstring lacks the misconception, the task or the test."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    fields = dict(re.findall(r"^(task|caught-by): (\S+)$", text, re.MULTILINE))
    misconception = " ".join(text.split("\n\n")[0].split())
    if fields.keys() != {"task", "caught-by"} or not misconception or misconception.startswith("task:"):
        raise KitError(f"{path}: the docstring must hold the misconception, then lines `task: …` and `caught-by: …`.")
    return Wrong(misconception, fields["task"], fields["caught-by"], path)


def all_wrong(folder: Path = WRONG) -> list[Wrong]:
    """All wrong solutions, by day and name."""
    return [read_wrong(path) for path in sorted(folder.glob("day_*/*.py"))]


Signatures = dict[str, dict[str, str]]
"""{wrong solution: {test that it fails: fingerprint of what the test got}}"""


def read_signatures(file: Path = SIGNATURES) -> Signatures:
    """The recorded tests that each wrong solution fails; empty if nothing was recorded yet."""
    if not file.exists():
        return {}
    signatures: Signatures = json.loads(file.read_text(encoding="utf-8"))
    return signatures


def looks_like(task: str, records: Sequence[Record], wrong: Sequence[Wrong], signatures: Signatures) -> list[str]:
    """At most two misconceptions of `task` that fail just the tests that the student fails.

    A test that met a hole says nothing, so only tests that passed or failed are compared: all of them if that leaves
    a wrong solution, else the task's own, since another task may be wrong in its own way. The same tests are not
    enough, for many mistakes fail them: the result of the first one, which is shown, must be the same too, and at
    least half of all. Of several, those come first that agree in most. If none fails just so, the student may be wrong
    in two ways at once: then a wrong solution shows by getting the student's very results in each test of the task it
    fails, if these are at least half of the red ones, and the one that is shown is among them. A test that was stopped
    has no result, and says nothing of the others.
    """
    decided = [record for record in records if record.status in (Status.PASSED, Status.FAILED)]
    own = [record for record in decided if record.task == task]
    if any(record.task == task and record.status is Status.TIMEOUT for record in records):
        return []
    shown = next((record.name for record in own if record.status is Status.FAILED), "")
    known = [each for each in wrong if each.task == task]
    for compared in (decided, own):
        names = {record.name for record in compared}
        failed = {record.name: record.fingerprint for record in compared if record.status is not Status.PASSED}
        same = [each for each in known if failed.keys() == names & signatures.get(each.name, {}).keys()]
        found = [each for each in same if failed and _agrees(failed, shown, signatures[each.name])]
        if found:
            alike = [len(failed.items() & signatures[each.name].items()) for each in found]
            best = [each.misconception for each, score in zip(found, alike, strict=True) if score == max(alike)]
            return best if len(best) <= 2 else []
    return _among_others(own, known, signatures)


def _agrees(failed: dict[str, str], shown: str, theirs: dict[str, str]) -> bool:
    """Whether a wrong solution got the student's result in the test that is shown, and in at least half of all."""
    alike = sum(theirs[test] == result for test, result in failed.items())
    return theirs.get(shown) == failed.get(shown) and 2 * alike >= len(failed)


def _among_others(own: Sequence[Record], known: Sequence[Wrong], signatures: Signatures) -> list[str]:
    """The misconceptions whose every failure in the task, with its result, is among the student's; none if over two.

    One that leaves the first red test or most of them unexplained only happens to get the same results somewhere.
    """
    names = {record.name for record in own}
    got = {record.name: record.fingerprint for record in own if record.status is not Status.PASSED}
    among = []
    for each in known:
        theirs = {test: result for test, result in signatures.get(each.name, {}).items() if test in names}
        if theirs and theirs.items() <= got.items():
            among.append((each.misconception, theirs))
    shown = next(iter(got), "")
    found = [name for name, theirs in among if shown in theirs and 2 * len(theirs) >= len(got)]
    return found if len(among) <= 2 else []
