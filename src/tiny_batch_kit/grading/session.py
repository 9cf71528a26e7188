"""One run of pytest in a process of its own, and what came of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tiny_batch_kit.base.paths import ROOT
from tiny_batch_kit.grading.records import Record, Status
from tiny_batch_kit.grading.warm import ForkedRun, can_fork

TEST_SECONDS = 20
"""How long one test of a day may take. They all take milliseconds; one that takes longer hangs."""

STALL_SECONDS = 60
"""How long a run may stay in one test, or in importing the code, for the hang that a test's own limit can't end."""


@dataclass
class Outcome:
    """What a run of pytest found: a record a test, and whatever kept a file from being imported.

    A student's code runs in the same process and may end it with any status. So that counts for nothing by itself.
    """

    records: list[Record] = field(default_factory=list)
    collection: list[str] = field(default_factory=list)
    exit_status: int = 0
    own_status: int | None = None
    """The status with which pytest meant to end, None if it never came so far."""
    output: str = ""
    killed_in: str | None = None
    """The test in which the run had to be ended, "" if that was before the first; None if it came to its end."""
    crashed_in: str | None = None
    """The test in which Python itself died of a signal, "" if that was before the first."""
    ended_in: str | None = None
    """The test in which the code ended Python or pytest, "" if that was before the first."""

    @property
    def passed(self) -> bool:
        """Whether the run came to its end, by its own record, and every test passed in it."""
        unharmed = {record.status for record in self.records} <= {Status.PASSED, Status.SKIPPED}
        return self.exit_status == self.own_status == 0 and bool(self.records) and unharmed and not self.collection

    def read(self, results: Path) -> None:
        """Take in what the plugin has written to `results`, and beside it to `.running`; say how the run ended."""
        running = results.with_suffix(".running")
        if results.exists():
            data = json.loads(results.read_text(encoding="utf-8"))
            self.records = [Record.from_json(test) for test in data["tests"]]
            self.collection, self.own_status = data["collection"], data["status"]
            # A test that began, and neither passed nor failed: something went past it and through pytest.
            if any(record.status is None and record.test == _read(running) for record in self.records):
                self.ended_in = _read(running)
            for record in self.records:
                record.status = record.status or Status.UNRUN
        elif self.exit_status < 0:
            self.crashed_in = _read(running)
        elif running.exists():
            self.ended_in = _read(running)


def run_tests(
    tests: Sequence[str],
    *,
    impl: str = "mine",
    borrow_before: int | None = None,
    extra: Sequence[str] = (),
    limit: float = STALL_SECONDS,
    tick: Callable[[], None] = lambda: None,
    warm: bool = False,
) -> Outcome:
    """Run pytest on `tests` against an implementation; `tick` is called some ten times a second meanwhile.

    warm: fork the run from a process that has all imports behind it, where that can be: for many runs in a row.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        results, running, output = (folder / f"results.{end}" for end in ("json", "running", "output"))
        arguments = ["-p", "pytest_timeout", "-p", "no:cacheprovider", "--tb=short"]
        arguments += [f"--timeout={TEST_SECONDS}", f"--impl={impl}", f"--results={results}"]
        arguments += [f"--borrow-before={borrow_before}"] if borrow_before is not None else []
        start = ForkedRun if warm and can_fork() else _NewRun
        status = _wait(start([*arguments, *tests, *extra], _environment(), ROOT, output), running, limit, tick)
        outcome = Outcome(output=output.read_text(encoding="utf-8", errors="replace"))
        if status is None and not results.exists():
            outcome.exit_status, outcome.killed_in = 1, _read(running)
        else:
            outcome.exit_status = 1 if status is None else status
            outcome.read(results)
        return outcome


class _NewRun:
    """One run of pytest in a new process, in a process group that can be ended whole."""

    def __init__(self, arguments: Sequence[str], environment: dict[str, str], folder: Path, output: Path) -> None:
        with output.open("wb") as file:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "pytest", *arguments],
                cwd=folder,
                env=environment,
                stdout=file,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    def wait(self, seconds: float) -> int | None:
        """The exit status, if the run ends within so many seconds; else None."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def kill(self) -> None:
        """End the run and all that it has started, at once."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def _environment() -> dict[str, str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "COLUMNS": "110", "TINY_BATCH_BLAS": "bundled"}
    # Plugins that merely happen to be installed take a second to import, and a student runs this again and again.
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    return environment


def _wait(run: _NewRun | ForkedRun, running: Path, limit: float, tick: Callable[[], None]) -> int | None:
    """The exit status of a run; None if it was ended: `running`, which names the test, stood still for `limit`."""
    waited, step, test = 0.0, 0.1, ""
    try:
        while (status := run.wait(step)) is None:
            tick()
            before, test = test, _read(running)
            waited = waited + step if test == before else 0.0
            if waited > limit:
                run.kill()
                return None
    except KeyboardInterrupt:
        run.kill()
        raise
    return status


def status_of(records: Sequence[Record]) -> Status | None:
    """How a task stands, by its tests: failed outweighs not run, then a hole, then passed; None without tests."""
    if not records:
        return None
    statuses = {record.status for record in records}
    if statuses & {Status.FAILED, Status.TIMEOUT}:
        return Status.FAILED
    return next((status for status in (Status.UNRUN, Status.HOLE) if status in statuses), Status.PASSED)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError:
        return ""
