"""The course as a submission may see it: no reference, no solutions; its tests in two folders, among canaries.

A canary is a copy of a test with one promise made false. It stands in one folder, the true test of the same name in the
other, and only the secret says which is which. No code can honestly pass both.
"""

from __future__ import annotations

import ast
import hashlib
import random
import shutil
from dataclasses import dataclass
from pathlib import Path

from tiny_batch_kit.base.paths import ROOT
from tiny_batch_kit.course.syllabus import Course, Day
from tiny_batch_kit.grading.looks_like import SIGNATURES

CANARIES = 5
"""So many a day, where as many tests can be turned."""


@dataclass(frozen=True)
class Stage:
    """The folder, the tests of each day as pytest wants them, and which are canaries: {day: {place: twin}}."""

    folder: Path
    tests: dict[int, list[str]]
    canaries: dict[int, dict[str, str]]


def version() -> str:
    """The hash of all that a grade depends on besides submission and secret."""
    digest = hashlib.sha256()
    files = [*(ROOT / "src" / "tiny_batch_kit").rglob("*.py"), *(ROOT / "src" / "tiny_batch_ref").glob("*.py")]
    for file in sorted([*files, *(ROOT / "tests").glob("*.py"), ROOT / "course.toml", SIGNATURES]):
        digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def build(folder: Path, course: Course, days: list[Day], secret: str) -> Stage:
    """Put the stage into a new folder."""
    ignored = shutil.ignore_patterns("__pycache__", "authors")
    shutil.copytree(ROOT / "src" / "tiny_batch_kit", folder / "src" / "tiny_batch_kit", ignore=ignored)
    shutil.copytree(ROOT / "src" / "tiny_batch", folder / "src" / "tiny_batch", ignore=ignored)
    (folder / ".venv").mkdir()
    draw = random.Random(f"stage {secret}")
    names = [f"{draw.getrandbits(40):010x}" for _ in range(2)]
    for name in names:
        (folder / "tests" / name).mkdir(parents=True)
    for file in ("course.toml", "pyproject.toml", "tests/conftest.py"):
        shutil.copy2(ROOT / file, folder / file)
    tests: dict[int, list[str]] = {}
    canaries: dict[int, dict[str, str]] = {}
    for day in days:
        places = [f"tests/{name}/{Path(day.tests).name}" for name in names]
        first, second, turned = split((ROOT / day.tests).read_text(encoding="utf-8"), draw)
        for place, text in zip(places, (first, second), strict=True):
            (folder / place).write_text(text, encoding="utf-8")
        tests[day.number] = places
        canaries[day.number] = {f"{places[at]}::{name}": f"{places[1 - at]}::{name}" for name, at in turned.items()}
    return Stage(folder, tests, canaries)


def split(source: str, draw: random.Random) -> tuple[str, str, dict[str, int]]:
    """A file of tests as two, and {name of a canary: in which of the two it stands}."""
    tree = ast.parse(source)
    lines = source.encode().splitlines(keepends=True)
    tests = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    sides = [[*lines], [*lines]]
    turned: dict[str, int] = {}
    candidates = [node for node in tests if _plain(node)]
    draw.shuffle(candidates)
    for node in candidates:
        change = _falsified(node, lines, draw)
        if change is not None and len(turned) < CANARIES:
            turned[node.name] = draw.randrange(2)
            line, text = change
            sides[turned[node.name]][line] = text
    for node in tests:
        if node.name not in turned:
            begin = min([node.lineno, *(each.lineno for each in node.decorator_list)]) - 1
            side = sides[draw.randrange(2)]
            side[begin : node.end_lineno] = [b"\n"] * ((node.end_lineno or begin) - begin)
    return b"".join(sides[0]).decode(), b"".join(sides[1]).decode(), turned


def _plain(node: ast.FunctionDef) -> bool:
    """Whether a test runs once: no examples, which would only cost time."""
    return all("given" not in ast.unparse(each) for each in node.decorator_list)


def _falsified(node: ast.FunctionDef, lines: list[bytes], draw: random.Random) -> tuple[int, bytes] | None:
    """A line of the test's, and what makes one of its promises false; None if none of them can be turned."""
    calls = [each for each in ast.walk(node) if isinstance(each, ast.Call) and isinstance(each.func, ast.Name)]
    places: list[tuple[ast.expr, str]] = []
    for call in calls:
        name = call.func.id if isinstance(call.func, ast.Name) else ""
        if name == "expect_equal" and len(call.args) == 2:
            numbers = [c for c in ast.walk(call.args[1]) if isinstance(c, ast.Constant) and type(c.value) is int]
            places += [(each, str(int(str(each.value)) + draw.randint(1, 3))) for each in numbers]
        elif name == "expect_true" and call.args:
            places.append((call.args[0], f"not ({ast.unparse(call.args[0])})"))
    places = [(each, text) for each, text in places if each.lineno == each.end_lineno and "\n" not in text]
    if not places:
        return None
    chosen, text = draw.choice(places)
    line = lines[chosen.lineno - 1]
    return chosen.lineno - 1, line[: chosen.col_offset] + text.encode() + line[chosen.end_col_offset :]
