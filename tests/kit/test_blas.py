"""The faster BLAS, each case in a process of its own: what is loaded first decides for good."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tiny_batch_kit.machine import blas

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="macOS has a fast BLAS of its own")


def run(code: str, **variables: str) -> str:
    environment = {
        name: value for name, value in os.environ.items() if name not in (blas.VARIABLE, "OPENBLAS_NUM_THREADS")
    }
    result = subprocess.run(
        [sys.executable, "-c", code], env=environment | variables, capture_output=True, text=True, timeout=50
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


USE = "from tiny_batch_kit.machine import blas; print(blas.use_fast())"


def test_tests_run_on_the_bundled_one():
    now = blas.report()
    assert now.fast == (sys.platform == "darwin")
    assert now.mend is None


@linux_only
def test_openblas_is_used_by_mlx():
    """MLX is asked for a product that only OpenBLAS can do so fast: 256 rows in far less than 256 times one row."""
    code = """
import time
from tiny_batch_kit.machine import blas
assert "mlx.core" not in __import__("sys").modules
print(blas.use_fast())
import mlx.core as mx
def seconds(rows):
    a, b = mx.ones((rows, 576)), mx.ones((576, 1536))
    mx.eval(a @ b)
    def once():
        start = time.perf_counter(); mx.eval(a @ b); return time.perf_counter() - start
    return min(once() for _ in range(5))
assert abs((mx.ones((3, 5)) @ mx.ones((5, 2))).sum().item() - 30) < 1e-6
print(seconds(256) / seconds(1) < 100)
print(blas.report().fast, blas.use_fast().fast)
"""
    name, faster, after = run(code, TINY_BATCH_BLAS="auto").splitlines()
    assert re.fullmatch(r"OpenBLAS 0\.3\.\d+ \(\w+ kernels\), \d+ threads?", name)
    assert (faster, after) == ("True", "True True")


@linux_only
def test_it_can_be_refused():
    assert run(USE, TINY_BATCH_BLAS="bundled") == "MLX's bundled BLAS"


@linux_only
def test_too_late_is_said_and_changes_nothing():
    out = run("import mlx.core; " + USE)
    assert out.startswith("MLX's bundled BLAS; MLX was imported first")


@linux_only
def test_a_path_is_loaded():
    path = blas._openblas_file()
    assert path is not None
    assert run(USE, TINY_BATCH_BLAS=str(path)).startswith("OpenBLAS 0.3.")


@linux_only
@pytest.mark.parametrize(
    ("wanted", "parts"),
    [
        ("fastest", ['TINY_BATCH_BLAS is "fastest"', "auto, bundled, openblas, mkl"]),
        ("/no/such/lib.so", ['asks for "/no/such/lib.so"', "can't be loaded"]),
        ("mkl", ["the package mkl is not installed"]),
    ],
)
def test_a_choice_that_cannot_be_had_is_an_error(wanted: str, parts: list[str]):
    code = """
from tiny_batch_kit.machine import blas
blas._mkl_file = lambda: None
try:
    blas.use_fast()
except ValueError as error:
    print(error)
"""
    out = run(code, TINY_BATCH_BLAS=wanted)
    assert "\n" not in out
    for part in parts:
        assert part in out


@linux_only
@pytest.mark.parametrize(
    ("change", "mend"),
    [
        ("blas._openblas_file = lambda: None", "cmeel-openblas is not installed"),
        (
            "blas._try = lambda path: 'libgfortran.so.5: cannot open'; blas._mlx_libraries = lambda: None",
            "apt install libgfortran5",
        ),
    ],
)
def test_without_it_the_bundled_one_goes_on_and_the_mend_is_said(change: str, mend: str):
    out = run(
        f"from tiny_batch_kit.machine import blas; {change}; print(blas.use_fast());"
        "import mlx.core as mx; mx.eval(mx.ones(3))"
    )
    assert out.startswith("MLX's bundled BLAS; ")
    assert mend in out


def test_macos_has_its_own(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert str(blas.use_fast()) == "Accelerate"
    assert blas.use_fast("openblas") == blas.BlasReport("Accelerate", fast=True, path=None, mend=None)


def test_files_are_found_without_importing_anything_heavy():
    code = """
import sys
from tiny_batch_kit.machine import blas
blas._openblas_file()
print([name for name in ("numpy", "mlx.core") if name in sys.modules])
"""
    assert run(code) == "[]"
    assert blas._openblas_file() is None or isinstance(blas._openblas_file(), Path)
