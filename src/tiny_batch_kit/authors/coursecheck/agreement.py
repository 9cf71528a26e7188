"""Whether course.toml, the modules, the tests and the chapters speak of the same days, tasks and symbols."""

from __future__ import annotations

import ast
import re

from tiny_batch_kit.authors.coursecheck.imports import check_imports
from tiny_batch_kit.authors.coursecheck.layout import Layout, folder_of, tests_of
from tiny_batch_kit.authors.coursecheck.problems import Findings
from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.course.cutter import Region, cut_all, functions, regions
from tiny_batch_kit.course.syllabus import Day, Task

TOML = "course.toml"
HINTS = 3


def check_starter(layout: Layout) -> Findings:
    """The starter is exactly what the cutter makes of the reference."""
    found = Findings()
    wanted = cut_all(layout.reference, layout.course)
    there = {path.name: path.read_text(encoding="utf-8") for path in layout.starter.glob("*.py")}
    mend = "run python scripts/make_starter.py"
    for name in sorted(wanted.keys() | there.keys()):
        where = layout.name(layout.starter / name)
        if name not in there:
            found.add(where, f"is missing: {mend}")
        elif name not in wanted:
            found.add(where, f"has no counterpart in the reference: {mend}")
        elif wanted[name] != there[name]:
            found.add(
                f"{where}:{_first_difference(wanted[name], there[name])}", f"is not what the cutter makes: {mend}"
            )
    found.looked_at = f"{len(wanted)} files"
    return found


def check_agreement(layout: Layout) -> Findings:
    """course.toml, the reference's modules, the tests and the chapters agree; days to come are not half there."""
    found = Findings()
    _numbers(layout, found)
    for day in layout.course.days:
        if day.ready:
            _ready_day(layout, day, found)
        else:
            _coming_day(layout, day, found)
    known = {module for day in layout.course.days for module in day.modules} | {"__init__.py"}
    for path in sorted(layout.reference.glob("*.py")):
        if path.name not in known:
            found.add(layout.name(path), f"belongs to no day: list it in {TOML}")
    check_imports(layout, found)
    found.looked_at = f"{len(layout.course.ready)} days, {sum(len(day.tasks) for day in layout.course.ready)} tasks"
    return found


def _numbers(layout: Layout, found: Findings) -> None:
    numbers = [day.number for day in layout.course.days]
    if numbers != list(range(1, len(numbers) + 1)):
        found.add(TOML, f"days must be numbered 1, 2, 3, … in order, and are {numbers}")
    for day in layout.course.days:
        ids, wanted = [task.id for task in day.tasks], [f"{day.number}.{k + 1}" for k in range(len(day.tasks))]
        if ids != wanted:
            found.add(TOML, f"the tasks of Day {day.number} must be {', '.join(wanted)}, and are {', '.join(ids)}")


def _ready_day(layout: Layout, day: Day, found: Findings) -> None:
    if not day.tasks:
        found.add(TOML, f"Day {day.number} is ready and has no task")
    needed = [layout.reference / module for module in day.modules]
    needed += [layout.root / day.tests, layout.chapters / day.chapter]
    for path in needed:
        if not path.is_file():
            found.add(TOML, f"Day {day.number} is ready, and {layout.name(path)} does not exist")
    summary = layout.chapters / "SUMMARY.md"
    if not summary.is_file() or f"({day.chapter})" not in summary.read_text(encoding="utf-8").replace("(./", "("):
        found.add(layout.name(summary), f"does not list {day.chapter}, the chapter of Day {day.number}")
    for task in day.tasks:
        _task(layout, day, task, found)
    _regions(layout, day, found)
    _tests(layout, day, found)


def _coming_day(layout: Layout, day: Day, found: Findings) -> None:
    """A day that is still to come shows nothing to students: no module, no test, no chapter, no solution."""
    half = [layout.reference / module for module in day.modules] + [layout.root / day.tests]
    half += [layout.chapters / day.chapter, *layout.wrong(day), *layout.alternatives(day)]
    for path in half:
        if path.exists():
            found.add(layout.name(path), f"exists, but Day {day.number} is not ready: finish it, or leave it out")


def _task(layout: Layout, day: Day, task: Task, found: Findings) -> None:
    """A task's own fields, and that its symbols are functions of its file."""
    who = f"Task {task.id}"
    if len(task.hints) != HINTS or not all(hint.strip() for hint in task.hints):
        found.add(TOML, f"{who} must have {HINTS} hints (a nudge, a place, a plan), and has {len(task.hints)}")
    for field in ("title", "asks", "red"):
        if not getattr(task, field).strip():
            found.add(TOML, f"{who} has no {field}")
    if not task.symbols:
        found.add(TOML, f"{who} names no symbol")
    if task.file not in day.modules:
        found.add(TOML, f"{who} is in {task.file}, which is no module of Day {day.number}: {', '.join(day.modules)}")
        return
    path = layout.reference / task.file
    if not path.is_file():
        return
    source = path.read_text(encoding="utf-8")
    have = {name for name, _ in functions(ast.parse(source))}
    cut = {region.symbol for region in _regions_of(source, layout.name(path)) if region.task == task.id}
    for symbol in task.symbols:
        if symbol not in have:
            found.add(layout.name(path), f"has no function {symbol}, which {TOML} names for {who}")
        elif symbol not in cut:
            found.add(layout.name(path), f"{symbol} has no region of task {task.id}, but {TOML} names it for {who}")


def _regions(layout: Layout, day: Day, found: Findings) -> None:
    """Every region of a day's modules is in course.toml."""
    for module in day.modules:
        path = layout.reference / module
        if not path.is_file():
            continue
        try:
            there = regions(path.read_text(encoding="utf-8"), layout.name(path))
        except KitError as error:
            where, _, what = str(error).partition(": ")
            found.add(where, what)
            continue
        for region in there:
            task = next((each for each in day.tasks if each.id == region.task), None)
            where = f"{layout.name(path)}:{region.begin + 1}"
            if task is None:
                found.add(where, f"Day {day.number} has no task {region.task} in {TOML}")
            elif task.file != module or region.symbol not in task.symbols:
                found.add(where, f"{TOML} does not name {region.symbol} of {module} for Task {region.task}")


def _regions_of(source: str, name: str) -> list[Region]:
    try:
        return regions(source, name)
    except KitError:  # told by _regions
        return []


def _tests(layout: Layout, day: Day, found: Findings) -> None:
    """Every test is marked with a task of its day, and every task has a test."""
    path = layout.root / day.tests
    if not path.is_file():
        return
    ids = {task.id for task in day.tasks}
    names: set[str] = set()
    tested: set[str] = set()
    for test in tests_of(path.read_text(encoding="utf-8")):
        where = f"{layout.name(path)}:{test.line}"
        if test.name in names:
            found.add(where, f"{test.name} is defined twice, so the first never runs")
        if len(test.tasks) != 1 or test.tasks[0] not in ids:
            given = ", ".join(test.tasks) or "none"
            found.add(where, f"{test.name} needs one @pytest.mark.task of Day {day.number}, and has {given}")
        names.add(test.name)
        tested.update(test.tasks)
    for task in sorted(ids - tested):
        found.add(layout.name(path), f"no test is marked with Task {task}")
    if not re.fullmatch(rf"(.*/)?test_{folder_of(day)}\.py", day.tests):
        found.add(TOML, f"the tests of Day {day.number} should be tests/test_{folder_of(day)}.py, not {day.tests}")


def _first_difference(wanted: str, there: str) -> int:
    """The number of the first line, from 1, in which two texts differ."""
    first, second = wanted.splitlines(), there.splitlines()
    pairs = enumerate(zip(first, second, strict=False))
    return next((number + 1 for number, (a, b) in pairs if a != b), min(len(first), len(second)) + 1)
