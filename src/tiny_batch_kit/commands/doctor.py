"""Look at this machine and say what is missing, each with its mend."""

from __future__ import annotations

import argparse
import platform
import shutil
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata

HELP = "check this machine, and say what is missing"
TESTED = ("mlx", "mlx-lm", "numpy", "pytest", "hypothesis", "rich", "watchfiles", "matplotlib")
DISK_GB = 2


@dataclass(frozen=True)
class Finding:
    """One thing looked at. mend: what to do about it, if anything; essential: the course can't go on without it."""

    what: str
    found: str
    mend: str = ""
    essential: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No options."""


def run(args: argparse.Namespace) -> int:
    """Print what was found. Returns 1 if something essential is missing."""
    from rich.table import Table
    from rich.text import Text

    from tiny_batch_kit.base.console import console

    table = Table.grid(padding=(0, 2))
    findings = [finding for check in CHECKS for finding in check()]
    for finding in findings:
        sign = Text("✓", "green") if not finding.mend else Text("✗" if finding.essential else "!", "bold yellow")
        table.add_row(sign, Text(finding.what, "bold"), Text(finding.found))
        if finding.mend:
            table.add_row("", "", Text(f"mend: {finding.mend}", "yellow"))
    console().print(table)
    broken = any(finding.essential and finding.mend for finding in findings)
    console().print("\nSomething that the course needs is missing." if broken else "\nThe course runs here.")
    return 1 if broken else 0


def python() -> list[Finding]:
    """The interpreter and the platform."""
    mend = "" if sys.version_info >= (3, 11) else "install Python 3.11 or newer, remove .venv, and run ./scripts/course"
    version = platform.python_version()
    known = (sys.platform == "linux") or (sys.platform == "darwin" and platform.machine() == "arm64")
    elsewhere = "" if known else "MLX needs Linux, or a Mac with Apple silicon"
    return [
        Finding("Python", version, mend, essential=True),
        Finding("platform", f"{platform.system()} {platform.machine()}", elsewhere, essential=True),
    ]


def mlx() -> list[Finding]:
    """MLX, the device that it computes on, and the BLAS behind its CPU products."""
    from tiny_batch_kit.machine import blas

    report = blas.use_fast()
    try:
        import mlx.core as mx

        total = mx.sum(mx.ones((8, 8)) @ mx.ones((8, 8))).item()
    except Exception as error:  # whatever keeps MLX from computing is what the student must hear
        return [Finding("MLX", f"does not work: {error}", "run ./scripts/course again, or pdm install", essential=True)]
    works = "" if total == 512 else "its products are wrong: choose another BLAS, TINY_BATCH_BLAS=bundled"
    device = "GPU" if mx.default_device() == mx.Device(mx.gpu) else "CPU"
    return [
        Finding("MLX", f"{metadata.version('mlx')}, computes on the {device}", works, essential=True),
        Finding(
            "BLAS", f"{report.name} ({'fast' if report.fast else 'slow: a batch gains little'})", report.mend or ""
        ),
    ]


def versions() -> list[Finding]:
    """What is installed against pdm.lock, which the course is tested with."""
    from tiny_batch_kit.base.paths import ROOT

    try:
        lock = tomllib.loads((ROOT / "pdm.lock").read_text(encoding="utf-8"))
        tested = {package["name"]: package["version"] for package in lock["package"]}
    except (OSError, ValueError, KeyError):
        return [Finding("packages", "pdm.lock is missing or broken", "git checkout pdm.lock")]
    other = []
    for name in TESTED:
        try:
            here = metadata.version(name)
        except metadata.PackageNotFoundError:
            return [Finding("packages", f"{name} is missing", "run ./scripts/course, or pdm install", essential=True)]
        if here != tested.get(name, here):
            other.append(f"{name} {here} (tested: {tested[name]})")
    found = f"as tested ({', '.join(f'{name} {tested[name]}' for name in TESTED[:3] if name in tested)}, …)"
    if other:
        return [Finding("packages", ", ".join(other), "pdm sync installs the tested versions")]
    return [Finding("packages", found)]


def disk() -> list[Finding]:
    """Room for models and pictures."""
    from tiny_batch_kit.base.paths import ROOT

    free = shutil.disk_usage(ROOT).free / 1e9
    mend = "" if free >= DISK_GB else f"free some: other models want {DISK_GB} GB and more"
    return [Finding("disk", f"{free:.0f} GB free", mend)]


def model() -> list[Finding]:
    """The default model's file."""
    from tiny_batch_kit.base.errors import KitError
    from tiny_batch_kit.model.checkpoints import smollm2_file

    try:
        file = smollm2_file()
    except KitError as error:
        return [Finding("model", "SmolLM2-135M is missing", str(error), essential=True)]
    return [Finding("model", f"SmolLM2-135M-Instruct, {file.stat().st_size / 1e6:.0f} MB")]


def tools() -> list[Finding]:
    """The book's builder, and the compiler that Day 12's kernels want on a machine without a GPU."""
    from tiny_batch_kit.machine.kernels import missing_compiler

    mdbook = shutil.which("mdbook", path=f"{sys.prefix}/bin")
    missing = missing_compiler()
    return [
        Finding("book", "mdbook" if mdbook else "mdbook is missing", "" if mdbook else "pdm install"),
        Finding("compiler", "none: Day 12's kernels can't be tried" if missing else "C++, for Day 12", missing or ""),
    ]


CHECKS: tuple[Callable[[], list[Finding]], ...] = (python, mlx, versions, disk, model, tools)
