"""The library that multiplies matrices on a Linux CPU, and how to give MLX a faster one.

MLX's Linux wheel brings the reference BLAS, which takes as long for 16 rows as for 16 times one row: a batch would gain
nothing. MLX looks `cblas_sgemm` up by name, so a library that was loaded with global symbols before `mlx.core` wins.
"""

from __future__ import annotations

import ctypes
import os
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tiny_batch_kit.base.errors import KitError

VARIABLE = "TINY_BATCH_BLAS"
CHOICES = "auto, bundled, openblas, mkl or the path of a shared library"
_MEND_OPENBLAS = 'the package cmeel-openblas is not installed: run "pdm install"'
_MEND_GFORTRAN = (
    'OpenBLAS needs the system\'s libgfortran.so.5: install it, on Debian and Ubuntu "apt install libgfortran5"'
)
_MEND_LATE = "MLX was imported first, and keeps what it found then: choose a BLAS before anything imports mlx.core"


class BlasError(KitError):
    """A BLAS was asked for by name that can't be had."""


@dataclass(frozen=True)
class BlasReport:
    """What multiplies matrices on the CPU. name: as a person calls it; path: its file, None if MLX brings it along.

    fast: whether many rows at once are cheaper than one at a time. mend: what to do to make it fast, None if it is, or
    if a slow one was asked for.
    """

    name: str
    fast: bool
    path: Path | None = None
    mend: str | None = None

    def __str__(self) -> str:
        return self.name if self.mend is None else f"{self.name}; {self.mend}"


def use_fast(choice: str | None = None) -> BlasReport:
    """Put a fast BLAS in MLX's way, and say what is in use now. Call it before anything imports `mlx.core`.

    choice: auto (OpenBLAS if it can be had, else the bundled one), bundled, openblas, mkl, or a library's path; None:
    what the environment variable TINY_BATCH_BLAS says, else auto. macOS has a fast one of its own: nothing is done.
    Raises BlasError if the choice is unknown, or asks for a library by name that can't be loaded.
    """
    wanted = (choice or os.environ.get(VARIABLE) or "auto").strip()
    if sys.platform != "linux" or wanted == "bundled" or report().fast:
        return report()
    if wanted not in ("auto", "openblas", "mkl") and "/" not in wanted:
        raise BlasError(f'{VARIABLE} is "{wanted}": expected {CHOICES}')
    problem = _MEND_LATE if "mlx.core" in sys.modules else _load(wanted)
    if problem is not None and wanted != "auto" and problem != _MEND_LATE:
        raise BlasError(f'{VARIABLE} asks for "{wanted}", but {problem}; or choose {CHOICES}')
    now = report()
    return now if problem is None else BlasReport(now.name, now.fast, now.path, problem)


def report() -> BlasReport:
    """What is in use, found out from the process itself."""
    if sys.platform == "darwin":
        return BlasReport("Accelerate", fast=True)
    library = _global_library("cblas_sgemm")
    if library is None:
        return BlasReport("MLX's bundled BLAS", fast=False)
    return BlasReport(_name(library), fast=True, path=library)


def _load(wanted: str) -> str | None:
    """Load a library with global symbols. Returns None, or what is in the way."""
    path = Path(wanted) if "/" in wanted else _mkl_file() if wanted == "mkl" else _openblas_file()
    if path is None:
        return _MEND_OPENBLAS if wanted != "mkl" else 'the package mkl is not installed: "pip install mkl"'
    # OpenBLAS spins while it waits: with a thread a core, anything else that runs makes a step ten times as long.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", str(max(1, len(os.sched_getaffinity(0)) // 2)))
    problem = _try(path)
    if problem is None or "libgfortran.so.5" not in problem:
        return problem and f"{path} can't be loaded ({problem})"
    try:
        _lend_gfortran()
    except OSError:
        return _MEND_GFORTRAN
    return _MEND_GFORTRAN if _try(path) else None


def _try(path: Path) -> str | None:
    """Load a library, its symbols for everybody to see. Returns None, or what the linker says."""
    try:
        ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL)
    except OSError as error:
        return str(error)
    return None


def _lend_gfortran() -> None:
    """Load the Fortran runtime that MLX's wheel carries under the name that OpenBLAS asks for.

    The wheel's copy was renamed to libgfortran-<hash>.so.5.0.0, which the linker takes for another library; so a copy
    in memory gets its old name back. A newcomer then needs nothing from the system's packages.
    Raises OSError if there is no such file, or the system forbids loading from memory.
    """
    folder = _mlx_libraries()
    found = sorted(folder.glob("libgfortran-*.so.5*")) if folder else []
    if folder is None or not found:
        raise OSError("MLX brings no libgfortran along")
    for needed in folder.glob("libquadmath-*"):
        ctypes.CDLL(str(needed))
    wheel_name = found[0].name.encode() + b"\0"
    plain_name = b"libgfortran.so.5".ljust(len(wheel_name), b"\0")
    memory = os.memfd_create("libgfortran.so.5")
    try:
        with open(memory, "wb", closefd=False) as file:
            file.write(found[0].read_bytes().replace(wheel_name, plain_name))
        ctypes.CDLL(f"/proc/self/fd/{memory}")
    finally:
        os.close(memory)


def _openblas_file() -> Path | None:
    spec = find_spec("cmeel")
    places = [Path(place).parent for place in (spec.submodule_search_locations or ())] if spec else []
    files = [place / "cmeel.prefix" / "lib" / "libopenblas.so.0" for place in places]
    return next((file for file in files if file.exists()), None)


def _mkl_file() -> Path | None:
    return next(iter(sorted(Path(sys.prefix, "lib").glob("libmkl_rt.so*"))), None)


def _mlx_libraries() -> Path | None:
    spec = find_spec("mlx")
    places = [Path(place).parent / "mlx_cpu.libs" for place in (spec.submodule_search_locations or ())] if spec else []
    return next((place for place in places if place.is_dir()), None)


class _SymbolInfo(ctypes.Structure):
    """Dl_info of <dlfcn.h>."""

    _fields_ = (
        ("file", ctypes.c_char_p),
        ("base", ctypes.c_void_p),
        ("name", ctypes.c_char_p),
        ("address", ctypes.c_void_p),
    )


def _global_library(symbol: str) -> Path | None:
    """The file of the library whose `symbol` everybody in this process sees, or None."""
    everything = ctypes.CDLL(None)
    try:
        address = ctypes.cast(getattr(everything, symbol), ctypes.c_void_p)
        info = _SymbolInfo()
        found = everything.dladdr(address, ctypes.byref(info))
    except AttributeError:
        return None
    return Path(os.fsdecode(info.file)) if found and info.file else None


def _name(library: Path) -> str:
    """'OpenBLAS 0.3.31 (HASWELL kernels), 2 threads' for an OpenBLAS, the file's name for another."""
    loaded = ctypes.CDLL(str(library))
    try:
        loaded.openblas_get_config.restype = loaded.openblas_get_corename.restype = ctypes.c_char_p
        words = loaded.openblas_get_config().decode().split()
        kernels = loaded.openblas_get_corename().decode()
        threads = loaded.openblas_get_num_threads()
    except AttributeError:
        return "MKL" if "mkl" in library.name else library.name
    return f"{' '.join(words[:2])} ({kernels} kernels), {threads} thread{'s' if threads != 1 else ''}"
