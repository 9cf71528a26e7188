"""`bench`: a day's experiment on this machine, or the batcher beside mlx-lm's: a table, a picture, the numbers."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from tiny_batch_kit.shows.experiments import Experiment, Saved

_NUMBER = re.compile(r"–|-?[\d,.]+ ?(%|×|s|ms)?")
DRAFTED = 13  # the day whose experiment takes a draft model
HELP = "run a day's experiment on this machine, with your code"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the experiment's options."""
    parser.add_argument(
        "what",
        nargs="?",
        choices=["batcher", "engine", "prefix"],
        help="Day 8's batcher, Day 9's engine or Day 11's cache, beside mlx-lm's",
    )
    parser.add_argument("--day", type=int, metavar="N", help="whose experiment")
    parser.add_argument("--part", choices=["load"], default="", help="another experiment of that day: Day 14's load")
    parser.add_argument("--against", choices=["mlx-lm"], default="mlx-lm", help="beside what (%(default)s)")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="runs of each side (%(default)s)")
    parser.add_argument("--ref", action="store_true", help="run the reference, not your code")
    parser.add_argument("--model", default="smollm2-135m", help="a name, a Hugging Face id or a folder (%(default)s)")
    parser.add_argument("--draft", metavar="MODEL", help="Day 13: what guesses; else the model's own first layers")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter runs, rougher numbers")


def run(args: argparse.Namespace) -> int:
    """Run the experiment; 1 when it needs a task that is not written yet."""
    from tiny_batch_kit.base.console import console
    from tiny_batch_kit.base.paths import RUN
    from tiny_batch_kit.course import holes
    from tiny_batch_kit.machine import blas

    out = console()
    blas.use_fast()  # before anything imports mlx: it is what runs, and what is said of this machine
    if args.what is not None:
        return _versus(args, out)
    return holes.run_or_say(lambda: show(out, *_run(args, out)), f"{RUN} bench --day {args.day}", out)


def _run(args: argparse.Namespace, out: Console) -> tuple[Experiment, Saved]:
    from tiny_batch_kit.base.console import TaskProgress
    from tiny_batch_kit.base.errors import KitError
    from tiny_batch_kit.base.paths import OUT
    from tiny_batch_kit.course import implementations
    from tiny_batch_kit.course.syllabus import load_course
    from tiny_batch_kit.model.checkpoints import load_checkpoint
    from tiny_batch_kit.shows import experiments

    if args.day is None:
        raise KitError("Name a day (bench --day 2), or what to measure (bench batcher).")
    load_course().day(args.day)  # an unknown day says so here
    implementations.install("ref" if args.ref else "mine")
    module = experiments.find(args.day, args.part)
    with TaskProgress(out) as progress:
        progress(f"loading {args.model}")
        checkpoint, options = load_checkpoint(args.model), {}
        if args.draft is not None:
            if args.day != DRAFTED:
                raise KitError(f"--draft is for Day {DRAFTED}: bench --day {DRAFTED} --draft {args.draft}.")
            options["draft"] = load_checkpoint(args.draft)
        experiment: Experiment = module.run(checkpoint, args.quick, progress, **options)
        progress("writing the picture", 1.0)
        saved = experiments.save(experiment, args.day, OUT, args.part)
    return experiment, saved


def _versus(args: argparse.Namespace, out: Console) -> int:
    """Run the comparison, print its table and keep its numbers."""
    from tiny_batch_kit.base.console import TaskProgress
    from tiny_batch_kit.base.errors import KitError
    from tiny_batch_kit.base.paths import OUT
    from tiny_batch_kit.shows.versus import report
    from tiny_batch_kit.shows.versus.compare import compare, take_apart, workloads

    if args.rounds < 1:
        raise KitError(f"--rounds is {args.rounds}: give 1 or more.")
    names, impl = workloads(args.what)[: 1 if args.quick else None], "ref" if args.ref else "mine"
    with TaskProgress(out) as progress:
        found = compare(args.what, names, args.rounds, args.model, impl, progress)
    report.show(out, found)
    written = report.keep(found, args.what, OUT)
    out.print(f"\nMedians of {args.rounds} runs each, in turn, in fresh processes. Written: {written}", soft_wrap=True)
    report.beside_the_books(out, found, args.what)
    if args.what == "engine":
        report.show_profile(out, take_apart(args.model, impl))
    return 0


def show(out: Console, experiment: Experiment, saved: Saved) -> None:
    """Print the table, the timelines if there are any, the notes, and where the files are."""
    from rich.table import Table

    from tiny_batch_kit.base.console import cell
    from tiny_batch_kit.timeline.terminal import TerminalTimelines

    out.print(f"\n{experiment.title}", style="bold", highlight=False, markup=False)
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for index, name in enumerate(experiment.columns):
        textual = index == 0 or not all(_NUMBER.fullmatch(cell(row[index])) for row in experiment.rows)
        table.add_column(name, justify="left" if textual else "right")
    for row in experiment.rows:
        table.add_row(*[cell(value) for value in row])
    out.print(table)
    if experiment.timelines:
        out.print("")
        out.print(TerminalTimelines(experiment.timelines))
    for note in experiment.notes:
        out.print(f"\n{note}", highlight=False, markup=False)
    out.print("")
    for path in filter(None, (saved.svg, saved.json)):
        out.print(f"Written: {path}", highlight=False, soft_wrap=True, markup=False)
