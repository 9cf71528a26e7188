"""Runs a program where it can do no harm: in bubblewrap where that works, else under limits, which contain less."""

from __future__ import annotations

import contextlib
import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.base.paths import ROOT

MOST_OUTPUT = 64_000_000
MOST_PROCESSES = 60
MOST_MEMORY = 4 << 30
"""Bytes of all processes of a submission together."""
MOST_DISK = 512 << 20
WAITS = 3
"""So many times its seconds of the processor may code take of the clock: others may want the processor too."""
LOOK = 0.25
"""So many seconds pass between two looks at memory and disk."""
NOT_CONTAINED = (
    "bubblewrap does not work here, so submissions run under limits of time, memory, processes and output only: they "
    "can read this user's files and reach the network. Grade on a Linux machine with bubblewrap, or in a container."
)


@dataclass(frozen=True)
class Ran:
    """What a program wrote, its seconds, and why it had to be ended: "" if it came to its end."""

    output: bytes
    seconds: float
    ended: str


@cache
def has_bubblewrap() -> bool:
    """Whether bubblewrap is installed, and may make the namespaces that it needs."""
    path = shutil.which("bwrap")
    test = ["bwrap", "--ro-bind", "/", "/", "--unshare-all", "--proc", "/proc", "--dev", "/dev", "true"]
    return path is not None and subprocess.run(test, capture_output=True, check=False).returncode == 0


def run_inside(stage: Path, mine: Path, job: bytes, seconds: float, *, bubblewrap: bool) -> Ran:
    """Run `classroom.inside` on the modules in `mine`, with the course in `stage`; `job` is what it reads.

    It and all that it starts are gone when this returns, after `seconds` at the latest.
    """
    with tempfile.TemporaryDirectory(prefix="tiny-batch-grade-") as folder:
        command, environment = [sys.executable, "-m", "tiny_batch_kit.classroom.inside"], _environment(folder, stage)
        cwd: Path | str = stage
        if bubblewrap:
            command, cwd = [*_bubblewrap(stage, mine), *command], "/"
        else:
            shutil.copytree(mine, Path(folder, "mine"))
            environment |= {"TINY_BATCH_MINE": str(Path(folder, "mine")), "TINY_BATCH_FORBIDDEN": str(ROOT / "src")}
        started = time.monotonic()
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            output, ended = _read(process, job, started + seconds, Path(folder))
        finally:
            end(process.pid)
            process.wait()
        return Ran(output, time.monotonic() - started, ended)


def compile_stage(stage: Path, *, bubblewrap: bool) -> None:
    """Leave the bytecode of the stage's tests, and of all that they import, beside it: else each run compiles it anew.

    It is made where it will be used, since it knows the place of its source. Nobody's code runs but the course's.
    """
    collect = ["--collect-only", "-p", "pytest_timeout", "-p", "no:cacheprovider", "--impl=mine", "tests"]
    code = f"import pytest, tiny_batch_kit.classroom.exam\nraise SystemExit(pytest.main({collect}))"
    with tempfile.TemporaryDirectory(prefix="tiny-batch-grade-") as folder:
        command, cwd, environment = [sys.executable, "-c", code], str(stage), _environment(folder, stage)
        if bubblewrap:
            command, cwd = [*_bubblewrap(stage, stage / "src" / "tiny_batch", stays="--bind"), *command], "/"
        del environment["PYTHONDONTWRITEBYTECODE"]
        done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, check=False)
    if done.returncode:
        raise KitError(
            f"the course's own tests can't be collected here: {done.stdout.decode(errors='replace')[-2000:]}"
        )


def _environment(folder: str, stage: Path) -> dict[str, str]:
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": folder,
        "TMPDIR": folder,
        "PYTHONPATH": str(stage / "src"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "TINY_BATCH_ROOT": str(stage),
        "TINY_BATCH_BLAS": "bundled",
        "OMP_NUM_THREADS": "1",
        "COLUMNS": "110",
        "LC_ALL": "C.UTF-8",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }


def _bubblewrap(stage: Path, mine: Path, stays: str = "--ro-bind") -> list[str]:
    """The course stands where it always does, without the reference, and with the student's modules."""
    venv = Path(sys.prefix)
    words = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session"]
    for place in ("/usr", "/bin", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/alternatives", sys.base_prefix):
        words += ["--ro-bind-try", place, place]
    words += ["--proc", "/proc", "--dev", "/dev", "--size", str(MOST_DISK), "--tmpfs", "/tmp"]
    words += [stays, str(stage), str(ROOT), "--ro-bind", str(mine), str(ROOT / "src" / "tiny_batch")]
    if venv != Path(sys.base_prefix):
        words += ["--ro-bind", str(venv), str(venv)]
    for name, value in {"HOME": "/tmp", "TMPDIR": "/tmp", "TINY_BATCH_ROOT": str(ROOT)}.items():
        words += ["--setenv", name, value]
    return [*words, "--setenv", "PYTHONPATH", str(ROOT / "src"), "--chdir", str(ROOT), "--"]


def _read(process: subprocess.Popen[bytes], job: bytes, deadline: float, folder: Path) -> tuple[bytes, str]:
    """Give the program its job, and read what it writes, within limits of time, bytes, processes, memory and disk."""
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(job)
        process.stdin.close()
    except BrokenPipeError:
        pass
    output, usual, looked = bytearray(), _tasks(), time.monotonic()
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            if time.monotonic() > deadline:
                return bytes(output), "it took too long"
            if selector.select(0.02):
                piece = os.read(process.stdout.fileno(), 1 << 16)
                if not piece:
                    return bytes(output), ""
                output += piece
            if len(output) > MOST_OUTPUT:
                return bytes(output[:MOST_OUTPUT]), "it wrote too much"
            if _tasks() > usual + MOST_PROCESSES and len(descendants(process.pid)) > MOST_PROCESSES:
                return bytes(output), "it started too many processes"
            if time.monotonic() > looked + LOOK:
                looked = time.monotonic()
                if memory_of([process.pid, *descendants(process.pid)]) > MOST_MEMORY:
                    return bytes(output), "it took too much memory"
                if disk_of(folder) > MOST_DISK:
                    return bytes(output), "it wrote too much to the disk"


def _tasks() -> int:
    """How many tasks the whole machine has: a cheap look, many times a second; 0 where there is no /proc."""
    try:
        return int(Path("/proc/loadavg").read_text(encoding="ascii").split()[3].partition("/")[2])
    except OSError:
        return 0


def descendants(pid: int) -> list[int]:
    """All processes that a process has started, and theirs; [] where there is no /proc."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_bytes().rpartition(b")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(entry.name))
    found, todo = [], [pid]
    while todo:
        for child in children.get(todo.pop(), ()):
            found.append(child)
            todo.append(child)
    return found


def memory_of(processes: list[int]) -> int:
    """How many bytes some processes hold in memory; what they share counts for each. 0 where there is no /proc."""
    pages = 0
    for pid in processes:
        with contextlib.suppress(OSError, IndexError):
            pages += int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def disk_of(folder: Path) -> int:
    """How many bytes lie in a folder, links not followed; what goes away meanwhile counts for nothing."""
    size, todo = 0, [folder]
    while todo:
        with contextlib.suppress(OSError), os.scandir(todo.pop()) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        todo.append(Path(entry.path))
                    else:
                        size += entry.stat(follow_symlinks=False).st_blocks * 512
    return size


def end(pid: int, *, itself: bool = True) -> None:
    """End all that a process has started, and the process: stopped first, so that none starts another meanwhile."""
    for _ in range(50):
        others = descendants(pid)
        for number in [*others, *([pid] if itself else [])]:
            _signal(number, signal.SIGSTOP)
        for number in [*others, *([pid] if itself else [])]:
            _signal(number, signal.SIGKILL)
        if not others:
            return
        time.sleep(0.01)


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
