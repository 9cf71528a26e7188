"""Find a C++ compiler, make a program of a kernel, once, and say what the compiler says about the body."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from tiny_batch_kit.base.errors import KitError

SHIM = Path(__file__).parent / "shim"
NAMES = ("c++", "g++", "clang++")
FLAGS = ("-std=c++17", "-O1", "-w", "-fno-strict-aliasing", "-U_FORTIFY_SOURCE", "-fdiagnostics-color=never")
SPOIL_LOCALS = "-ftrivial-auto-var-init=pattern"
"""What is read before it is written shall not happen to be zero. Compilers of some years ago don't know it."""
SHOWN = 3
"""So many errors of a body are shown: the others mostly follow from them."""


class KernelError(KitError):
    """A kernel that can't be compiled, or that did on the shim what it must not do on a GPU."""


@lru_cache(maxsize=4)
def _find(wanted: str | None) -> tuple[str, ...] | None:
    candidates = [shlex.split(wanted)] if wanted and wanted.strip() else [[name] for name in NAMES]
    for command in candidates:
        path = shutil.which(command[0])
        # On a Mac without the developer tools, /usr/bin/c++ exists, and does nothing but ask for them.
        if path and subprocess.run([path, "--version"], capture_output=True, stdin=subprocess.DEVNULL).returncode == 0:
            return (path, *command[1:])
    return None


def find_compiler() -> tuple[str, ...] | None:
    """The C++ compiler and its arguments: what $CXX names, else c++, g++ or clang++; None if there is none."""
    return _find(os.environ.get("CXX"))


def missing_compiler() -> str:
    """Why kernels can't be compiled here and what to do about it; empty if they can."""
    if find_compiler() is not None:
        return ""
    if os.environ.get("CXX"):
        return f"$CXX is {os.environ['CXX']!r}, and no such C++ compiler runs here: unset it, or name another"
    if sys.platform == "darwin":
        return 'kernels run on the CPU with a C++ compiler, and there is none: "xcode-select --install"'
    return (
        "kernels run on the CPU with a C++ compiler, and there is none: "
        '"apt install g++" on Debian and Ubuntu, "dnf install gcc-c++" on Fedora, "apk add g++" on Alpine'
    )


def program(source: str, body: str, name: str) -> Path:
    """The compiled program of a kernel. source: C++ that includes the file `name`, which gets `body` for its text.

    Made once for each source, and kept in the system's folder for temporary files.
    Raises KernelError if there is no compiler, or with the compiler's words about the body if it refuses it.
    """
    command = find_compiler()
    if command is None:
        raise KernelError(missing_compiler())
    runtime, flags = _runtime(command)
    made = runtime.parent / f"{_hash(source, body, runtime.name)}.run"
    if not made.exists():
        with tempfile.TemporaryDirectory(dir=runtime.parent) as folder:
            Path(folder, name).write_text(body, encoding="utf-8")
            Path(folder, "kernel.cpp").write_text(source, encoding="utf-8")
            arguments = [*command, *flags, f"-I{SHIM}", "kernel.cpp", str(runtime), "-o", "made"]
            done = subprocess.run(arguments, cwd=folder, capture_output=True, text=True, errors="replace")
            if done.returncode:
                raise KernelError(_in_words(done.stderr, name))
            os.replace(Path(folder, "made"), made)  # at once: others may be waiting for the same
    return made


@lru_cache(maxsize=4)
def _runtime(command: Sequence[str]) -> tuple[Path, tuple[str, ...]]:
    """The compiled runtime, and the flags that this compiler knows."""
    version = subprocess.run([command[0], "--version"], capture_output=True, text=True).stdout
    texts = [path.read_text(encoding="utf-8") for path in sorted(SHIM.iterdir()) if path.is_file()]
    folder, key = _cache(), _hash(*texts, *command, version, *FLAGS)
    problem = ""
    for flags in ((*FLAGS, SPOIL_LOCALS), FLAGS):
        made = folder / f"{key}-{len(flags)}.o"
        if made.exists():
            return made, flags
        with tempfile.TemporaryDirectory(dir=folder) as place:
            new = Path(place, "runtime.o")
            arguments = [*command, *flags, "-c", str(SHIM / "runtime.cpp"), "-o", str(new)]
            done = subprocess.run(arguments, capture_output=True, text=True, errors="replace")
            if done.returncode == 0:
                os.replace(new, made)
                return made, flags
            problem = done.stderr
    raise KernelError(f"{command[0]} can't compile the kit's own {SHIM / 'runtime.cpp'}: {problem[:800]}")


def _cache() -> Path:
    """The folder of what is compiled, ours alone: what lies in it is run."""
    folder = Path(tempfile.gettempdir(), f"tiny-batch-kernels-{os.getuid()}")
    folder.mkdir(mode=0o700, exist_ok=True)
    owner = folder.stat()
    if owner.st_uid != os.getuid() or owner.st_mode & 0o022:
        raise KernelError(f"{folder} is not yours alone: remove it, or set TMPDIR to a folder of your own")
    return folder


def _hash(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:24]


def _in_words(output: str, name: str) -> str:
    """What a compiler says about the body: its first errors, each with its line, and nothing about the shim."""
    start = re.compile(rf"^(?:\S*/)?{re.escape(name)}:(\d+)(?::\d+)?: (?:fatal )?error: (.*)$")
    other = re.compile(r"^(?:In file included|In function|\S+: In |\S+?:\d+(?::\d+)?:|\S*ld\S*:|collect2)")
    shown: list[list[str]] = []
    inside = False
    for line in output.splitlines():
        if found := start.match(line):
            shown.append([f"line {found[1]}: {found[2]}"])
            inside = True
        elif other.match(line):
            inside = False
        elif inside and len(shown[-1]) < 3:  # the line of the source and the mark below it
            shown[-1].append(line)
    if not shown:  # it went wrong behind the body: a brace too few, or too many
        errors = [line for line in output.splitlines() if "error" in line or "undefined" in line][:SHOWN]
        shown = [["at its end, perhaps for a brace too many or too few: " + " ".join(errors)[:600]]]
    return "\n".join([f"{name} does not compile:", *(line for each in shown[:SHOWN] for line in each)])
