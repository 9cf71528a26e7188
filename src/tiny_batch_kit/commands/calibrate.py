"""`calibrate`: measure what steps cost on this machine, keep it for the simulator, and check it against the engine."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from tiny_batch_kit.simulator.validate import Comparison

HELP = "measure what steps cost here, for the simulator"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add whose code, which model, and whether to check."""
    parser.add_argument("--ref", action="store_true", help="run the reference, not your code")
    parser.add_argument("--model", default="smollm2-135m", help="a name, a Hugging Face id or a folder (%(default)s)")
    parser.add_argument("--no-check", action="store_true", help="don't compare with the real engine afterwards")
    parser.add_argument("--check-only", action="store_true", help="measure nothing anew, only compare")


def run(args: argparse.Namespace) -> int:
    """Calibrate, save, compare; 1 when it needs a task that is not written yet."""
    from tiny_batch_kit.base.console import console
    from tiny_batch_kit.base.paths import RUN
    from tiny_batch_kit.course import holes, implementations
    from tiny_batch_kit.machine import blas

    out = console()
    blas.use_fast()  # before anything imports mlx
    implementations.install("ref" if args.ref else "mine")
    return holes.run_or_say(lambda: _run(args, out), f"{RUN} calibrate", out)


def _run(args: argparse.Namespace, out: Console) -> None:
    from dataclasses import replace

    from tiny_batch_kit.base.console import TaskProgress
    from tiny_batch_kit.model.checkpoints import load_checkpoint
    from tiny_batch_kit.model.tuned import tuned
    from tiny_batch_kit.simulator import cost
    from tiny_batch_kit.simulator.calibrate import calibrate
    from tiny_batch_kit.simulator.validate import validate

    comparisons = []
    with TaskProgress(out) as progress:
        progress(f"loading {args.model}")
        checkpoint = load_checkpoint(args.model)
        checkpoint = replace(checkpoint, model=tuned(checkpoint.model))
        found = cost.load() if args.check_only else calibrate(checkpoint, progress)
        if not args.no_check:
            comparisons = validate(checkpoint, found, progress)
    out.print(f"\n{found.model} on {found.machine}: what a step takes", style="bold", highlight=False, markup=False)
    for size, seconds in zip(found.sizes, found.seconds, strict=True):
        out.print(f"  {size:4} tokens {1e3 * seconds:8.1f} ms", highlight=False)
    extras = {"key of a row": found.row_key, "score of a segment": found.score}
    extras |= {"segment": found.segment, "row of logits": found.logits}
    for name, seconds in extras.items():
        out.print(f"  and for each {name} {1e6 * seconds:.3g} µs", highlight=False)
    if not args.check_only:
        out.print(f"Written: {cost.save(found)}", soft_wrap=True, highlight=False)
    if comparisons:
        show(out, comparisons)


def show(out: Console, comparisons: list[Comparison]) -> None:
    """Print how far the simulator is off."""
    from rich.table import Table

    columns = ["workload", "tokens/s, predicted", "measured", "off", "TTFT p50 s, predicted", "measured", "off"]
    table = Table(*columns, box=None)
    for each in comparisons:
        table.add_row(
            each.workload,
            f"{each.predicted_speed:.1f}",
            f"{each.measured_speed:.1f}",
            f"{each.speed_error:+.0%}",
            f"{each.predicted_ttft:.2f}",
            f"{each.measured_ttft:.2f}",
            f"{each.ttft_error:+.0%}",
        )
    for column in table.columns[1:]:
        column.justify = "right"
    out.print("\nThe simulator beside the real engine, on workloads that it was not calibrated on", style="bold")
    out.print(table)
