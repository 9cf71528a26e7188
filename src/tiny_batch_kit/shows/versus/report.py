"""What `bench batcher`, `bench engine` and `bench prefix` print and keep."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tiny_batch_kit.base.console import cell
from tiny_batch_kit.shows.demo.show import machine
from tiny_batch_kit.shows.versus.compare import Measured
from tiny_batch_kit.shows.versus.profile import StepProfile

BOOKS = Path(__file__).with_name("book.json")
"""What the book's machines measured: [{"machine": …, "note": …, "engine": {workload: {side: tokens a second}}}, …]."""

Found = dict[str, list[Measured]]


def show(out: Console, found: Found) -> None:
    """Print a row for each side of each workload."""
    counted = any(side.computed for sides in found.values() for side in sides)
    last = "tokens computed" if counted else "worst gap s"
    table = Table("workload", "side", "tokens/s", "TTFT p50 s", last, "tokens/s: ours / theirs", box=None)
    for workload, sides in found.items():
        for side in sides:
            ratio = sides[0].tokens_per_second / side.tokens_per_second
            extra = side.computed if counted else side.worst_gap
            numbers = [cell(side.tokens_per_second), cell(side.ttft), cell(extra), f"{ratio:.2f}×"]
            table.add_row(workload, side.side, *numbers)
    for column in table.columns[2:]:
        column.justify = "right"
    out.print(table)


def keep(found: Found, what: str, folder: Path) -> Path:
    """Write the numbers as JSON; returns where."""
    folder.mkdir(exist_ok=True)
    written = folder / f"versus-{what}.json"
    data = {
        "machine": machine(),
        "workloads": {workload: [asdict(side) for side in sides] for workload, sides in found.items()},
    }
    written.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    return written


def beside_the_books(out: Console, found: Found, what: str) -> None:
    """Print how many times as fast ours is, here and on the machines of the book, and what makes it differ."""
    there_too = [each for each in books() if what in each]
    if not there_too:
        return
    names = [f"book {number}" for number in range(1, len(there_too) + 1)]
    table = Table("tokens/s: ours / theirs", "", "here", *names, box=None)
    for workload, sides in found.items():
        for side in sides[1:]:
            here = sides[0].tokens_per_second / side.tokens_per_second
            there = [_ratio(each[what].get(workload, {}), sides[0].side, side.side) for each in there_too]
            table.add_row(workload, side.side, f"{here:.2f}×", *there)
    for column in table.columns[2:]:
        column.justify = "right"
    out.print("")
    out.print(table)
    out.print(f"\nhere: {machine()}", highlight=False, soft_wrap=True)
    for name, each in zip(names, there_too, strict=True):
        out.print(f"{name}: {each['machine']}{each.get('note', '')}", highlight=False, soft_wrap=True)
    out.print(
        "Ratios differ with the CPU (bandwidth and arithmetic), with the BLAS, its kernels for this CPU and its "
        "threads, and with whatever else runs. The engine on a model that is not arranged shows what scheduling gives.",
        highlight=False,
        soft_wrap=True,
    )


def _ratio(measured: dict[str, float], ours: str, theirs: str) -> str:
    """`1.59×` from tokens a second; a dash where it was not measured."""
    return f"{measured[ours] / measured[theirs]:.2f}×" if {ours, theirs} <= measured.keys() else "–"


def show_profile(out: Console, found: StepProfile) -> None:
    """Print where the time of the engine's decode step goes."""
    table = Table(f"a decode step of {found.rows} requests", "ms", box=None)
    for name in ("weights", "attention", "vocabulary", "elementwise", "step", "floor"):
        table.add_row(name, f"{getattr(found, name):.1f}")
    table.add_row(f"scheduler and engine, {found.many} requests", f"{found.python:.2f}")
    table.columns[1].justify = "right"
    out.print("")
    out.print(table)
    out.print("\nFloor: reading all weights once, at the bandwidth measured here.", highlight=False)


def books() -> list[dict[str, Any]]:
    """What was measured on the book's machines."""
    found: list[dict[str, Any]] = json.loads(BOOKS.read_text(encoding="utf-8"))
    return found
