"""What runs beside a submission: its tests and its exam, day by day, each in a fork. It knows no expected answer.

Reads {"days": [{"day", "tests", "cases": [[task, case], ...]}]} and writes one line of JSON a day.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import resource
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tiny_batch_kit.classroom.contain import WAITS, end
from tiny_batch_kit.grading.warm import SHARED

DAY_SECONDS, SHEET_SECONDS, CASE_SECONDS = 100, 40, 8
"""Of the processor; of the clock, WAITS times as many."""
MOST = 8_000_000
MEMORY = 8 << 30
WORK = Path(os.environ.get("TMPDIR", "/tmp"))


def main() -> None:
    """Run the job that stands on stdin."""
    job = json.loads(sys.stdin.buffer.read())
    forbidden = os.environ.pop("TINY_BATCH_FORBIDDEN", None)
    sys.path[:] = [path for path in sys.path if path != forbidden]
    for module in SHARED:
        importlib.import_module(module)
    gc.freeze()  # what is imported is not looked through for garbage in each fork
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER: whoever is left behind is ours to end
    for limit, value in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_FSIZE, 64 << 20),
        (resource.RLIMIT_NOFILE, 512),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(limit, (value, value))
    if "TINY_BATCH_MINE" not in os.environ:  # in a namespace of its own, where nobody else's processes count
        resource.setrlimit(resource.RLIMIT_NPROC, (200, 200))
    os.nice(5)  # who watches comes first
    out, patience = os.dup(1), float(job["patience"])
    for number in (0, 1, 2):
        os.dup2(os.open(os.devnull, os.O_RDWR), number)
    for day in job["days"]:
        sheet, tests = WORK / f"sheet-{day['day']}", WORK / f"tests-{day['day']}.json"
        ended = {
            "sheet": _fork(lambda day=day, sheet=sheet: _sheet(day["cases"], sheet), SHEET_SECONDS * patience),  # type: ignore[misc]
            "tests": _fork(lambda day=day, tests=tests: _tests(day["tests"], tests), DAY_SECONDS * patience),  # type: ignore[misc]
        }
        found = {"day": day["day"], "ended": ended, "sheet": _text(sheet), "results": _text(tests)}
        found["running"] = _text(tests.with_suffix(".running"))
        if "TINY_BATCH_MINE" not in os.environ:  # on a disk of its own
            found["full"] = shutil.disk_usage(WORK).free < 1 << 20
        data = json.dumps(found).encode() + b"\n"
        while data:
            data = data[os.write(out, data) :]


def _fork(work: Callable[[], None], seconds: float) -> str:
    """Do some work in a fork; how it ended: "" for well, else a status, or "too long" (`seconds` of the processor)."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.setsid()
            resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, int(seconds) + 2))
            work()
            status = 0
        finally:
            os._exit(status)
    deadline, how = time.monotonic() + WAITS * seconds, "too long"
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
            how = str(code) if code else ""
            break
        time.sleep(0.02)
    end(os.getpid(), itself=False)
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, os.WNOHANG)
            if not os.waitpid(-1, os.WNOHANG)[0]:
                break
    return how


def _serve() -> str:
    return os.environ.get("TINY_BATCH_MINE", "mine")


def _tests(files: list[str], results: Path) -> None:
    import pytest

    from tiny_batch_kit.base.paths import ROOT

    os.chdir(ROOT)
    arguments = ["-p", "pytest_timeout", "-p", "no:cacheprovider", "--tb=no", "--timeout=12", "--no-shrink"]
    pytest.main([*arguments, f"--impl={_serve()}", f"--results={results}", *files])


def _sheet(cases: list[tuple[str, Any]], file: Path) -> None:
    from tiny_batch_kit.classroom.exam import sit
    from tiny_batch_kit.course import implementations

    implementations.install(_serve())
    with file.open("w", encoding="utf-8") as lines:
        for given in sit(cases, CASE_SECONDS):
            lines.write(given + "\n")
            lines.flush()


def _text(file: Path) -> str:
    try:
        with file.open("rb") as data:
            return data.read(MOST).decode("utf-8", errors="replace")
    except OSError:
        return ""


if __name__ == "__main__":
    main()
