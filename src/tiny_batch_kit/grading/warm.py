"""Runs of pytest that are forked from one process which has imported the libraries: a second less for each.

That process evaluates nothing and imports nobody's code, so no run can tell that it is a fork; and each ends with its
own, however it ends.
"""

from __future__ import annotations

import gc
import os
import runpy
import signal
import sys
from collections.abc import Sequence
from multiprocessing import get_context
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path

SHARED = [
    "mlx.core",
    "mlx_lm.models.qwen2",
    "numpy.random",
    "pydantic",
    "hypothesis",
    "pytest",
    "pytest_timeout",
    *(f"_pytest.{plugin}" for plugin in ("faulthandler", "junitxml", "pastebin", "skipping", "unittest", "warnings")),
]
"""What the first process imports, if it is there. MLX may be imported, but not used: its threads would be missing after
a fork. pytest imports its own plugins only when it runs.
"""


def can_fork() -> bool:
    """Whether a process that has imported MLX may be forked: on a Mac, system libraries forbid it."""
    return sys.platform == "linux"


class ForkedRun:
    """One run of pytest in a fork, with an interface like `subprocess.Popen`'s."""

    def __init__(self, arguments: Sequence[str], environment: dict[str, str], folder: Path, output: Path) -> None:
        """Start pytest with these arguments, in a folder; what it prints goes to the file `output`."""
        output.touch()
        process = _context().Process(target=_pytest, args=(list(arguments), environment, folder, output))
        process.start()
        self._process: BaseProcess = process

    def wait(self, seconds: float) -> int | None:
        """The exit status, negative for a signal, if the run ends within so many seconds; else None."""
        self._process.join(seconds)
        return self._process.exitcode

    def kill(self) -> None:
        """End the run and all that it has started, at once."""
        try:
            os.killpg(self._process.pid or 0, signal.SIGKILL)
        except ProcessLookupError:  # it has not come to lead its group yet, or has ended
            self._process.kill()
        self._process.join()


def _context() -> ForkServerContext:
    context = get_context("forkserver")
    context.set_forkserver_preload(["__main__", *SHARED])
    return context


def _pytest(arguments: list[str], environment: dict[str, str], folder: Path, output: Path) -> None:
    """What the fork does: as `python -m pytest` would, alone in a process group."""
    os.setsid()
    gc.freeze()  # the libraries are not looked through for garbage, and their memory stays shared
    with output.open("wb") as file, Path(os.devnull).open("rb") as nothing:
        for number, stream in enumerate((nothing, file, file)):
            os.dup2(stream.fileno(), number)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    # Hypothesis takes numbers for its examples from the project's modules that are imported: so let them be those that
    # a new process would import, or it would find other examples here than on a student's machine.
    for name in [*sys.modules]:
        if name.partition(".")[0] in ("tiny_batch_kit", "__mp_main__"):
            del sys.modules[name]
    sys.path[0] = str(folder)
    sys.argv = ["pytest", *arguments]
    runpy.run_module("pytest", run_name="__main__", alter_sys=True)
