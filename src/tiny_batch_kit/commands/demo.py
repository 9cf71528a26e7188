"""`demo`: the same prompts served in five ways, on a real model."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

HELP = "answer a dozen prompts in five ways, from one by one to the engine of Day 9, and compare"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the demo's options."""
    parser.add_argument("--model", default="smollm2-135m", help="a name, a Hugging Face id or a folder (%(default)s)")
    parser.add_argument("--mine", action="store_true", help="run your code, in every way that it can already serve")
    parser.add_argument("--prompts", type=_at_least(12), default=12, metavar="N", help="how many (%(default)s or more)")
    parser.add_argument("--max-tokens", type=_at_least(1), metavar="N", help="no answer longer than this")
    parser.add_argument("--batch", type=_at_least(2), default=6, metavar="SLOTS", help="rows of a batch (%(default)s)")
    parser.add_argument(
        "--every", type=_seconds, metavar="SECONDS", help="how far apart the prompts arrive (0.2, less on a fast GPU)"
    )


def run(args: argparse.Namespace) -> int:
    """Run the demo; 1 when no way to serve is written yet."""
    from tiny_batch_kit.base.console import console
    from tiny_batch_kit.base.paths import RUN
    from tiny_batch_kit.machine import blas

    blas.use_fast()  # before anything imports mlx
    out = console()
    written = _run(args, out)
    if not written:
        out.print("None of the ways can run yet. Without --mine the demo runs the reference.", highlight=False)
        return 1
    out.print(f"\nThe page: {written[0]}", highlight=False, soft_wrap=True)
    out.print(f"To see the timelines again, any time: {RUN} viz", highlight=False)
    return 0


def _run(args: argparse.Namespace, out: Console) -> list[Path]:
    from tiny_batch_kit.base.paths import OUT
    from tiny_batch_kit.course import implementations
    from tiny_batch_kit.model.checkpoints import load_checkpoint
    from tiny_batch_kit.serving.trace import from_prompts
    from tiny_batch_kit.shows.demo.show import Plan, pace, ready_ways, run_demo

    implementations.install("mine" if args.mine else "ref")
    ways, missing = ready_ways()
    for sentence in missing:
        out.print(sentence, highlight=False)
    if not ways:
        return []
    with out.status(f"Loading {args.model} …"):
        checkpoint = load_checkpoint(args.model)
        every = pace(checkpoint, ways[0]) if args.every is None else args.every
    asked = from_prompts(checkpoint, args.prompts, args.max_tokens, every)
    out.print(
        f"{len(asked)} prompts for {checkpoint.name}, {checkpoint.weights} weights; one every {every:g} s, "
        f"{args.batch} slots.",
        highlight=False,
    )
    return run_demo(out, checkpoint, Plan(asked, args.batch, OUT, ways))


def _seconds(text: str) -> float:
    """Return a number of seconds, 0 or more."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r}: give a number of seconds, 0 or more")
    return value


def _at_least(least: int) -> Callable[[str], int]:
    """Return a parser of whole numbers of `least` or more."""

    def whole(text: str) -> int:
        if not text.isdigit() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r}: give a whole number of {least} or more")
        return int(text)

    return whole
