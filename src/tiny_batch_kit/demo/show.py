"""The demo from end to end: serve both ways, compare, show, write the page and the timelines."""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from tiny_batch_kit import blas
from tiny_batch_kit.checkpoints import Checkpoint
from tiny_batch_kit.clocks import Clock
from tiny_batch_kit.demo import agreement, page, report
from tiny_batch_kit.demo.live import LiveBoard
from tiny_batch_kit.demo.serving import Asked, Generate, PausingClock, Served, serve, warm_up
from tiny_batch_kit.timeline.files import save_group


@dataclass(frozen=True)
class Plan:
    """What to run: the prompts, how many rows a batch has, and where to write."""

    asked: Sequence[Asked]
    rows: int
    folder: Path


def run_demo(console: Console, checkpoint: Checkpoint, generate: Generate, plan: Plan) -> list[Path]:
    """Run both ways and show what came of it; return the files that were written."""
    one, batch = serve_both(console, checkpoint, generate, plan)
    with console.status("Comparing the answers …"):
        found = agreement.differences(checkpoint, plan.asked, one, batch)
    verdict = agreement.sentences(plan.asked, found)

    console.rule("Answers")
    report.show_answers(console, checkpoint, plan.asked, batch)
    for line in verdict:
        console.print(line, highlight=False)
    console.rule("Timelines")
    timelines = [one.timeline, batch.timeline]
    report.show_timelines(console, timelines)
    console.rule("What it adds up to")
    report.show_table(console, timelines)

    files = save_group(timelines, "demo", plan.folder)
    written = plan.folder / "demo.html"
    written.write_text(page.demo_page(checkpoint, plan.asked, one, batch, verdict, machine()), encoding="utf-8")
    return [written, *files]


def serve_both(console: Console, checkpoint: Checkpoint, generate: Generate, plan: Plan) -> tuple[Served, Served]:
    """Return what serving one by one and serving in batches of `plan.rows` made, after warming both up."""
    with console.status("Warming up …"):
        warm_up(generate, checkpoint, plan.asked, plan.rows)
    count = len(plan.asked)
    label = f"Static batch of {count}" if plan.rows >= count else f"Static batches of {plan.rows}"
    served = []
    for title, rows in (("One by one", 1), (label, min(plan.rows, count))):
        clock = PausingClock()
        decode, eos = checkpoint.tokenizer.decode, checkpoint.eos_token_id
        with LiveBoard(console, title, plan.asked, clock, decode, eos) as board:
            served.append(_serve(generate, checkpoint, plan.asked, rows, title, clock, board))
    return served[0], served[1]


def _serve(
    generate: Generate,
    checkpoint: Checkpoint,
    asked: Sequence[Asked],
    rows: int,
    label: str,
    clock: Clock,
    board: LiveBoard,
) -> Served:
    return serve(generate, checkpoint, asked, rows, label, clock, board)


def machine() -> str:
    """Return what this ran on, in a few words."""
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {blas.report()}"
