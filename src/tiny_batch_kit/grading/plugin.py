"""The pytest plugin: which code is served as `tiny_batch`, and a record of each test in the student's terms."""

from __future__ import annotations

import json
import traceback
from collections.abc import Generator, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tiny_batch_kit.course import implementations
from tiny_batch_kit.grading import hang
from tiny_batch_kit.grading.expect import Mismatch
from tiny_batch_kit.grading.records import HOLE, Record, Status

_RECORDS: pytest.StashKey[dict[str, Record]] = pytest.StashKey()
_CALLED: pytest.StashKey[bool] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that the commands use."""
    group = parser.getgroup("tiny-batch")
    group.addoption("--impl", default="mine", help="whose code is tested: mine, ref, or a folder")
    group.addoption("--borrow-before", type=int, help="take the days before this one from the reference")
    group.addoption("--task", action="append", help="run the tests of this task only; may be given again")
    group.addoption("--plain-holes", action="store_true", help="show a hole as any other error, with its traceback")
    group.addoption(
        "--no-shrink", action="store_true", help="keep the first failing example, don't look for the smallest"
    )
    group.addoption("--results", type=Path, help="write a record of each test to this JSON file")


def pytest_configure(config: pytest.Config) -> None:
    """Serve the chosen implementation before any test imports it; make Hypothesis find the same cases every time."""
    implementations.install(config.getoption("--impl"), borrow_before=config.getoption("--borrow-before"))
    config.pluginmanager.register(hang)
    config.stash[_RECORDS] = {}


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> None:
    """Make Hypothesis find the same cases every time, before a module that uses it is imported.

    Only then: importing it takes half a second, and many runs of few tests do without.
    """
    if b"hypothesis" in module_path.read_bytes():
        _settle_hypothesis(shrink=not parent.config.getoption("--no-shrink"))


@cache
def _settle_hypothesis(shrink: bool) -> None:
    from hypothesis import Phase, settings

    # Without `explain`, which runs a failing test many times more to comment on its smallest case.
    phases = [Phase.explicit, Phase.generate] + ([Phase.shrink] if shrink else [])
    settings.register_profile("course", derandomize=True, deadline=None, database=None, print_blob=False, phases=phases)
    settings.load_profile("course")


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, Any, Any]:
    """Note that a test's function was called and came back."""
    result = yield
    pyfuncitem.stash[_CALLED] = True
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """Keep a record of each test: a failure in any phase outweighs a pass.

    By what was raised, and not by what the report says: the code under test could change that.
    """
    report = yield
    records = item.config.stash[_RECORDS]
    record = records.setdefault(item.nodeid, Record(item.nodeid, _task_of(item)))
    record.seconds += report.duration
    error = call.excinfo.value if call.excinfo is not None else None
    if error is not None and not _skips(error):
        _describe(record, error)
        if record.status is Status.TIMEOUT:  # the next test would most likely hang in the same loop
            item.session.shouldstop = "a test hangs"
    elif record.status is None and error is not None:
        record.status = Status.SKIPPED
    elif record.status is None and call.when == "call" and item.stash.get(_CALLED, False):
        record.status = Status.PASSED
    return report


def _skips(error: BaseException) -> bool:
    """Whether the test itself says that it can't run here; the code that is tested has no say in that."""
    return isinstance(error, pytest.skip.Exception) and not any(_is_students(frame) for frame in _frames(error))


def pytest_report_teststatus(report: pytest.TestReport, config: pytest.Config) -> tuple[str, str, str] | None:
    """Count a hole as not begun, without a traceback; the run fails all the same. With --plain-holes: an error."""
    record = config.stash[_RECORDS].get(report.nodeid)
    if record is None or record.status is not Status.HOLE or not report.failed or config.getoption("--plain-holes"):
        return None
    return "not begun", "○", "NOT BEGUN"


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """Remember a file that can't be imported, or is skipped whole: usually a syntax error of the student's."""
    if not report.passed:
        _COLLECTION_ERRORS.append(str(report.longrepr))


_COLLECTION_ERRORS: list[str] = []


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests of the chosen tasks."""
    wanted = config.getoption("--task")
    if wanted:
        items[:] = [item for item in items if _task_of(item) in wanted]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Give each test that will run its record, so that one that never does is known too."""
    for item in session.items:
        session.config.stash[_RECORDS].setdefault(item.nodeid, Record(item.nodeid, _task_of(item)))


def pytest_runtest_logstart(nodeid: str, location: tuple[str, int | None, str]) -> None:
    """Say which test runs now: a command that has to end a hanging run reads it."""
    if _RUNNING is not None:
        _RUNNING.write_text(nodeid, encoding="utf-8")


_RUNNING: Path | None = None


def pytest_sessionstart(session: pytest.Session) -> None:
    """Open the file that names the running test, beside the results."""
    global _RUNNING
    results: Path | None = session.config.getoption("--results")
    _RUNNING = results.with_suffix(".running") if results is not None else None
    if _RUNNING is not None:
        _RUNNING.touch()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Write all records, and the status with which pytest means to end."""
    results: Path | None = session.config.getoption("--results")
    if results is not None:
        records = [record.to_json() for record in session.config.stash[_RECORDS].values()]
        found = {"tests": records, "collection": _COLLECTION_ERRORS, "status": int(exitstatus)}
        results.write_text(json.dumps(found), encoding="utf-8")


def _task_of(item: pytest.Item) -> str | None:
    marker = item.get_closest_marker("task")
    return str(marker.args[0]) if marker is not None and marker.args else None


def _describe(record: Record, error: BaseException) -> None:
    """Put into the record what went wrong: a hole, a broken promise, or an error in the student's own lines."""
    hole = hole_in(error)
    if hole is not None:
        record.status, record.hole = Status.HOLE, hole
        return
    hangs = any(isinstance(each, hang.Hang) for each in chain(error))
    record.status = Status.TIMEOUT if hangs else Status.FAILED
    record.error, record.message = type(error).__name__, str(error)
    mismatch = next((each for each in chain(error) if isinstance(each, Mismatch)), None)
    if mismatch is not None:
        record.asked, record.case = mismatch.asked, mismatch.case
        record.got, record.expected = mismatch.got, mismatch.expected
    where = next((frame for frame in reversed(_frames(error)) if _is_students(frame)), None)
    if where is not None and mismatch is None:
        record.where = f"{where.filename}:{where.lineno}"
        record.line = where.line or ""


def chain(error: BaseException) -> Iterator[BaseException]:
    """The error, what caused it, what it happened during, and the members of groups; each once."""
    seen: set[int] = set()
    todo: list[BaseException | None] = [error]
    while todo:
        each = todo.pop(0)
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        todo += [each.__cause__, each.__context__]
        if isinstance(each, BaseExceptionGroup):
            todo += list(each.exceptions)


def hole_in(error: BaseException) -> str | None:
    """The task whose unfilled hole is behind an error; None if there is none in the student's own files."""
    for each in chain(error):
        named = HOLE.match(str(each)) if isinstance(each, NotImplementedError) else None
        if named is not None:
            frames = _frames(each)
            if frames and _is_students(frames[-1]):
                return named["task"]
    return None


def _frames(error: BaseException) -> list[traceback.FrameSummary]:
    return list(traceback.extract_tb(error.__traceback__))


def _is_students(frame: traceback.FrameSummary) -> bool:
    """Whether a frame lies in a file that is served as `tiny_batch`."""
    import sys

    served = {
        str(Path(module.__file__).resolve())
        for name, module in list(sys.modules.items())
        if name.startswith(implementations.PACKAGE + ".") and module.__file__ is not None
    }
    return str(Path(frame.filename).resolve()) in served
