"""The two speeds and the memory of a machine: all that a roofline needs."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Hardware:
    """What a machine can do at best.

    `flops` is floating-point operations a second, `bandwidth` is bytes a second between memory and the arithmetic
    units, and `memory` is the bytes that the model and its caches may take.
    """

    name: str
    flops: float
    bandwidth: float
    memory: float

    @property
    def ridge(self) -> float:
        """The operations per byte above which arithmetic, not memory, is the limit."""
        return self.flops / self.bandwidth


# From the vendors' data sheets: dense 16-bit matrix products (32-bit for the M1), no sparsity.
H100 = Hardware("NVIDIA H100 SXM", flops=989e12, bandwidth=3.35e12, memory=80e9)
A100 = Hardware("NVIDIA A100 80GB SXM", flops=312e12, bandwidth=2.039e12, memory=80e9)
M1 = Hardware("Apple M1, 16 GB", flops=2.6e12, bandwidth=68.25e9, memory=16e9)


SHAPES = ((2048, 2048, 16), (512, 1536, 80))
"""Rows, columns and count of matrices, some 256 MB in all: a machine may read large and small ones at unequal speed."""


def measure_hardware() -> Hardware:
    """Measure this machine's two speeds with MLX, in about a second.

    Bandwidth: a vector times many matrices, more than any cache holds. Arithmetic: products of 1024 × 1024 matrices.
    Both in float32 on MLX's default device, the best of several runs: a roofline is about what is possible.
    """
    import mlx.core as mx

    square = mx.random.normal((1024, 1024))
    mx.eval(square)
    multiplying = best_seconds(lambda: mx.eval(square @ square))
    return Hardware(
        name=f"this machine ({mx.default_device().type.name})",
        flops=2 * 1024**3 / multiplying,
        bandwidth=max(_bandwidth(*shape) for shape in SHAPES),
        memory=float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")),
    )


def _bandwidth(rows: int, columns: int, count: int) -> float:
    """Bytes a second that products of a vector and `count` matrices read."""
    import mlx.core as mx

    matrices = [mx.random.normal((rows, columns)) for _ in range(count)]
    vector = mx.random.normal((1, rows))
    mx.eval(vector, *matrices)
    reading = best_seconds(lambda: mx.eval([vector @ matrix for matrix in matrices]))
    return 4 * count * rows * columns / reading


def best_seconds(work: Callable[[], object], runs: int = 7) -> float:
    """The shortest of several runs, in seconds, after one that is not counted."""
    work()
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


_MAC_NAME = ("/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string")


def cpu_name(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """The processor's name from its maker, such as "AMD EPYC 9B14"; its architecture where there is no name."""
    if sys.platform == "darwin":
        name = subprocess.run([*_MAC_NAME], capture_output=True, text=True, check=False).stdout
    elif sys.platform == "linux":
        found = re.search(r"^model name\s*:(.*)$", _text(cpuinfo), re.MULTILINE)  # an ARM kernel gives none
        name = found[1] if found else ""
    else:
        name = platform.processor()
    name = re.sub(r"\((?:R|TM|tm)\)|\bCPU\b|@.*|\d+-Core Processor", " ", name)
    return " ".join(name.split()) or platform.machine()


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
