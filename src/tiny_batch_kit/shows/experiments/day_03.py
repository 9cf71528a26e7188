"""Day 3's experiment: how long to wait for company, at a low, a middling and a high load."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tiny_batch_kit.base.progress import Progress
from tiny_batch_kit.course import implementations
from tiny_batch_kit.machine.virtual_time import run_virtual
from tiny_batch_kit.model.checkpoints import Checkpoint
from tiny_batch_kit.serving.workloads import Job, Lengths, poisson, prompt_ids
from tiny_batch_kit.shows.experiments import Experiment

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROWS = 8
PROMPT, OUTPUT = 24, 16
LOADS = (0.4, 1.5, 4.0)
"""Arrivals, as a multiple of what the model can serve one by one."""


@dataclass(frozen=True)
class Cell:
    """One load and one max_wait_ms: the mean batch, the machine's share of busy time, and latencies in seconds."""

    load: float
    wait_ms: int
    rows: float
    busy: float
    mean: float
    p95: float


def run(checkpoint: Checkpoint, quick: bool, progress: Progress) -> Experiment:
    """Time real batches, then let thousands of requests arrive in virtual time at a machine that is as fast."""
    seconds = {}
    for rows in (1, ROWS):
        progress(f"timing a batch of {rows}")
        seconds[rows] = batch_seconds(checkpoint, rows)
    waits = [0, 200, 1000] if quick else [0, 50, 100, 200, 500, 1000, 2000, 4000]
    count = 200 if quick else 1000

    cells = []
    for index, load in enumerate(LOADS):
        jobs = poisson(
            load / seconds[1], count, prompts=Lengths.exactly(PROMPT), outputs=Lengths.exactly(OUTPUT), seed=3
        )
        for wait in waits:
            progress(f"{count} requests at {load} times the load, waiting {wait} ms", index / len(LOADS))
            cells.append(simulate(jobs, seconds, load, wait))
    return Experiment(
        title="How long to wait for company",
        columns=["load", "max_wait_ms", "mean batch", "machine busy", "mean latency s", "p95 latency s"],
        rows=[[c.load, c.wait_ms, c.rows, f"{c.busy:.0%}", c.mean, c.p95] for c in cells],
        data={"batch_seconds": {str(size): took for size, took in seconds.items()}, "rows": ROWS, "requests": count},
        figure=lambda: draw(cells, waits),
        description="Left: mean latency against max_wait_ms for three loads; it grows with the wait. Right: mean rows "
        "of a batch, which grow with the load even without any wait, because requests gather while a batch runs.",
        notes=[
            f"Measured: a batch of 1 took {seconds[1]:.2f} s, one of {ROWS} took {seconds[ROWS]:.2f} s "
            f"({PROMPT} tokens in, {OUTPUT} out). All else is virtual time, with your DynamicBatcher.",
            "A load of 1 is what the model serves one by one.",
        ],
    )


def batch_seconds(checkpoint: Checkpoint, rows: int) -> float:
    """The seconds that a static batch of `rows` takes, Day 2's code on the real model; the better of two runs."""
    generate, vocab = implementations.load("static").static_generate, checkpoint.model.config.vocab_size
    prompts = [prompt_ids(Job(f"r{row}", 0.0, PROMPT, OUTPUT), vocab) for row in range(rows)]
    took = []
    for _ in range(2):
        start = time.perf_counter()
        generate(checkpoint.model, prompts, OUTPUT, None)
        took.append(time.perf_counter() - start)
    return min(took)


def simulate(jobs: Sequence[Job], seconds: dict[int, float], load: float, wait_ms: int) -> Cell:
    """Let the jobs arrive at a DynamicBatcher whose batches take as long as the measured ones."""
    sizes: list[int] = []
    work: list[float] = []
    latencies: list[float] = []

    async def machine(batch: list[Job]) -> list[Job]:
        sizes.append(len(batch))
        work.append(float(np.interp(len(batch), list(seconds), list(seconds.values()))))
        await asyncio.sleep(work[-1])
        return batch

    async def caller(batcher: Any, job: Job) -> None:
        await asyncio.sleep(job.arrival)
        await batcher.submit(job)
        latencies.append(asyncio.get_running_loop().time() - job.arrival)

    async def main() -> float:
        batcher = implementations.load("dynamic").DynamicBatcher(machine, ROWS, wait_ms)
        await asyncio.gather(*(caller(batcher, job) for job in jobs))
        await batcher.close()
        return asyncio.get_running_loop().time()

    end = run_virtual(main())
    p95 = float(np.quantile(latencies, 0.95))
    return Cell(load, wait_ms, float(np.mean(sizes)), sum(work) / end, float(np.mean(latencies)), p95)


def draw(cells: Sequence[Cell], waits: Sequence[int]) -> "Figure":
    """Mean latency and mean batch size against the wait, a line a load."""
    from tiny_batch_kit.shows import plots

    figure, (latency, size) = plots.figure(columns=2, width=9, height=3.8)
    for load, marker, line in zip(LOADS, plots.MARKERS, ("-", "--", ":"), strict=False):
        here = [cell for cell in cells if cell.load == load]
        style: dict[str, Any] = {"label": f"load {load:g}", "marker": marker, "linestyle": line}
        latency.plot(range(len(waits)), [cell.mean for cell in here], **style)
        size.plot(range(len(waits)), [cell.rows for cell in here], **style)
    latency.set(title="mean latency, seconds", yscale="log")
    size.set(title="mean rows in a batch", ylim=(0, ROWS + 0.5))
    for axes in (latency, size):
        axes.set_xlabel("max_wait_ms")
        axes.set_xticks(range(len(waits)), [str(wait) for wait in waits])
        axes.legend(frameon=False)
    return figure
