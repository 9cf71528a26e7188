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

from tiny_batch_kit.grading.records import Record, Status
from tiny_batch_kit.paths import ROOT

TEST_SECONDS = 20
"""How long one test of a day may take. They all take milliseconds; one that takes longer hangs."""

DAY_SECONDS = 300
"""How long all tests of a day may take, for the hang that even a test's own limit can't end."""


@dataclass
class Outcome:
    """What a run of pytest found: a record a test, and whatever kept a file from being imported."""

    records: list[Record] = field(default_factory=list)
    collection: list[str] = field(default_factory=list)
    exit_status: int = 0
    output: str = ""
    killed_in: str | None = None

    @property
    def passed(self) -> bool:
        """Whether tests ran and every one passed."""
        return self.exit_status == 0 and bool(self.records)


def run_tests(
    tests: Sequence[str],
    *,
    impl: str = "mine",
    borrow_before: int | None = None,
    extra: Sequence[str] = (),
    limit: float = DAY_SECONDS,
    tick: Callable[[], None] = lambda: None,
) -> Outcome:
    """Run pytest on `tests` against an implementation; `tick` is called some ten times a second meanwhile."""
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results.json"
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--tb=short"]
        command += [f"--timeout={TEST_SECONDS}", f"--impl={impl}", f"--results={results}"]
        command += [f"--borrow-before={borrow_before}"] if borrow_before is not None else []
        status, output = _wait([*command, *tests, *extra], limit, tick)
        outcome = Outcome(exit_status=status if status is not None else 1, output=output)
        if results.exists():
            data = json.loads(results.read_text(encoding="utf-8"))
            records = [Record.from_json(test) for test in data["tests"]]
            outcome.records = [record for record in records if record.status is not None]  # the others never ran
            outcome.collection = data["collection"]
        elif results.with_suffix(".running").exists():
            outcome.killed_in = results.with_suffix(".running").read_text(encoding="utf-8")
        return outcome


def _wait(command: list[str], limit: float, tick: Callable[[], None]) -> tuple[int | None, str]:
    """Run a command in a process group that can be ended whole. Returns (exit status, output); None if it was ended."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "COLUMNS": "110", "TINY_BATCH_BLAS": "bundled"}
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    waited, step = 0.0, 0.1
    try:
        while True:
            try:
                output, _ = process.communicate(timeout=step)
                return process.returncode, output
            except subprocess.TimeoutExpired:
                waited += step
                tick()
                if waited > limit:
                    os.killpg(process.pid, signal.SIGKILL)
                    return None, process.communicate()[0]
    except KeyboardInterrupt:
        os.killpg(process.pid, signal.SIGKILL)
        raise


def status_of(records: Sequence[Record]) -> Status | None:
    """How a task stands, by its tests: failed outweighs a hole, a hole outweighs passed; None without tests."""
    if not records:
        return None
    statuses = {record.status for record in records}
    if statuses & {Status.FAILED, Status.TIMEOUT}:
        return Status.FAILED
    return Status.HOLE if Status.HOLE in statuses else Status.PASSED
