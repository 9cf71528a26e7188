"""What the load generator prints, draws and keeps."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from tiny_batch_kit.base.console import cell
from tiny_batch_kit.serving.load import Shown
from tiny_batch_kit.shows import plots

LATE = 0.05
"""Seconds: a generator that sends later than this measures itself, too."""


def show(out: Console, found: Mapping[str, Any], title: str) -> None:
    """Print the numbers of a `summary`."""
    out.print(f"\n{title}", style="bold", highlight=False, markup=False)
    table = Table("seconds", "p50", "p90", "p99", box=None)
    for name, words in (("ttft", "time to first token"), ("latency", "latency"), ("worst_gap", "worst gap")):
        table.add_row(words, *(cell(value) for value in found[name].values()))
    for column in table.columns[1:]:
        column.justify = "right"
    out.print(table)
    out.print(
        f"\n{found['answered']} of {found['requests']} requests answered in {found['seconds']:.1f} s: "
        f"{found['tokens']} tokens, {found['tokens_per_second']:.1f} a second.",
        highlight=False,
    )
    for error, count in found["errors"].items():
        out.print(f"{count} × {error}", highlight=False, markup=False)
    if found["sent_late"] > LATE:
        out.print(f"Requests were sent up to {found['sent_late']:.2f} s late: this machine was too busy to send them.")


def save(results: Sequence[Shown], found: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write the numbers, and a picture if anybody was answered; returns where."""
    folder.mkdir(parents=True, exist_ok=True)
    numbers = folder / "load.json"
    data = {**found, "shots": [asdict(each) for each in results]}
    numbers.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    good = [each for each in results if not each.error]
    return [numbers, picture(good, folder / "load.svg")] if good else [numbers]


def picture(results: Sequence[Shown], path: Path) -> Path:
    """Draw when requests were due and how long they took, and which share took how long."""
    figure, (moments, shares) = plots.figure(columns=2, width=9, height=3.8)
    due = [each.due for each in results]
    for values, label, marker in (
        ([each.latency for each in results], "to the end", "o"),
        ([each.ttft for each in results], "to the first token", "^"),
    ):
        moments.plot(due, values, marker, label=label, alpha=0.7)
        shares.plot(np.sort(values), np.arange(1, len(values) + 1) / len(values), label=label)
    moments.set(xlabel="due at, s", ylabel="seconds", ylim=(0, None), title="each request")
    shares.set(
        xlabel="seconds", ylabel="share of the requests", ylim=(0, 1.02), xlim=(0, None), title="at most so long"
    )
    moments.legend()
    shares.legend()
    text = f"{len(results)} requests: on the left the seconds each took against the time at which it was due, on the "
    return plots.save_svg(figure, path, "How long requests took", f"{text}right the share that took at most so long.")
