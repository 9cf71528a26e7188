"""`demo`: the same prompts one by one and as a static batch, on a real model."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

HELP = "answer a dozen prompts one by one, then as a batch, and compare"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the demo's options."""
    parser.add_argument("--model", default="smollm2-135m", help="a name, a Hugging Face id or a folder (%(default)s)")
    parser.add_argument("--mine", action="store_true", help="run your static_generate, not the reference's")
    parser.add_argument("--prompts", type=_at_least(12), default=12, metavar="N", help="how many (%(default)s or more)")
    parser.add_argument("--max-tokens", type=_at_least(1), metavar="N", help="no answer longer than this")
    parser.add_argument("--batch", type=_at_least(2), metavar="ROWS", help="rows a batch (default: all prompts)")


def run(args: argparse.Namespace) -> int:
    """Run the demo; 1 when it needs a task that is not written yet."""
    from tiny_batch_kit import blas, holes
    from tiny_batch_kit.console import console

    blas.use_fast()  # before anything imports mlx
    out = console()
    try:
        written = _run(args, out)
    except NotImplementedError as error:
        command = "pdm run demo --mine"
        sentence = holes.sentence(error, command)
        if sentence is None:
            raise
        out.print(f"{sentence} Without --mine the demo runs the reference.", highlight=False)
        return 1
    out.print(f"\nThe page: {written[0]}", highlight=False, soft_wrap=True)
    out.print("The timelines again, any time: pdm run viz", highlight=False)
    return 0


def _run(args: argparse.Namespace, out: Console) -> list[Path]:
    from tiny_batch_kit import implementations
    from tiny_batch_kit.checkpoints import load_checkpoint
    from tiny_batch_kit.demo.serving import ask, probe
    from tiny_batch_kit.demo.show import Plan, run_demo
    from tiny_batch_kit.paths import OUT

    implementations.install("mine" if args.mine else "ref")
    generate = implementations.load("static").static_generate
    probe(generate)
    with out.status(f"Loading {args.model} …"):
        checkpoint = load_checkpoint(args.model)
    asked = ask(checkpoint, args.prompts, args.max_tokens)
    out.print(f"{len(asked)} prompts for {checkpoint.name}, {checkpoint.weights} weights.", highlight=False)
    return run_demo(out, checkpoint, generate, Plan(asked, args.batch or len(asked), OUT))


def _at_least(least: int) -> Callable[[str], int]:
    """Return a parser of whole numbers of `least` or more."""

    def whole(text: str) -> int:
        if not text.isdigit() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r}: give a whole number of {least} or more")
        return int(text)

    return whole
