"""Measure the price list on this machine: steps of many kinds through the real runner."""

import platform
import random
import time
from collections.abc import Callable, Sequence
from typing import Any

from tiny_batch_kit.base.progress import Progress
from tiny_batch_kit.course import implementations
from tiny_batch_kit.machine import blas
from tiny_batch_kit.model.checkpoints import Checkpoint
from tiny_batch_kit.simulator.cost import CostModel, fit

ROWS = 16
LONGEST = 1088
SIZES = (1, 4, 8, 16, 32, 64, 128, 256)
ROUNDS = 7


def calibrate(checkpoint: Checkpoint, progress: Progress, rounds: int = ROUNDS) -> CostModel:
    """Measure steps of all kinds by turns, `rounds` times each, and fit the constants to their medians."""
    plan_module = implementations.load("plan")
    runner = implementations.load("runner").MlxRunner(checkpoint.model, max_running=ROWS, max_seq_len=LONGEST)
    plans = [plan_module.StepPlan(tuple(work)) for work in kinds(maker())]
    taken: list[list[float]] = [[] for _ in plans]
    order = list(range(len(plans)))
    for turn in range(rounds + 1):  # the first is for warming up
        random.Random(turn).shuffle(order)
        for done, index in enumerate(order):
            progress(f"steps of {len(plans)} kinds, {rounds} times each", (turn + done / len(plans)) / (rounds + 1))
            start = time.perf_counter()
            runner.run(plans[index])
            if turn:
                taken[index].append(time.perf_counter() - start)
    measured = [(plan.work, sorted(each)[len(each) // 2]) for plan, each in zip(plans, taken, strict=True)]
    machine = f"{platform.machine()} {platform.system()}, {blas.report().name}"
    return CostModel(**fit(SIZES, measured), machine=machine, model=checkpoint.name)


Maker = Callable[..., Any]
"""maker(slot, start, count, wanted): a request's part of a step."""


def maker() -> Maker:
    """Makes works of the chosen implementation."""
    work_class, sampling = implementations.load("plan").Work, implementations.load("sampling").SamplingParams()

    def make(slot: int, start: int, count: int, wanted: int = 0) -> Any:
        return work_class(f"{slot}", slot, start, [7 + n % 50 for n in range(count)], wanted, sampling)

    return make


def kinds(make: Maker) -> list[Sequence[Any]]:
    """Steps that tell the constants apart: few and many tokens, rows, segments and both, short and long contexts."""
    steps: list[Sequence[Any]] = [[make(0, 0, size)] for size in SIZES if size > 1]
    steps += [[make(0, 0, size, 1)] for size in (32, 128)]
    steps += [[make(0, start, 64)] for start in (256, 512, 1000)]
    steps += [[make(0, start, 200)] for start in (300, 800)]
    steps += [[make(slot, 8 * slot, 64 // count) for slot in range(count)] for count in (4, 8, 16)]
    for rows in (1, 2, 4, 6, 8, 12, 16):
        steps += [[make(slot, start + slot, 1, 1) for slot in range(rows)] for start in (40, 120)]
    steps += [[make(slot, start, 1, 1) for slot in range(rows)] for rows in (6, 16) for start in (300, 700)]
    # Long ones among short ones, as they come: such rows attend in several groups.
    for long_ones, long in (((0, 5, 10, 15), 600), ((3, 8), 500), ((2, 6, 11), 640), ((7,), 450)):
        rows_of_both = [make(slot, long if slot in long_ones else 40 + 5 * slot, 1, 1) for slot in range(15)]
        steps += [rows_of_both, [*rows_of_both, make(15, 256, 48)], [*rows_of_both, make(15, 0, 90)]]
    for rows, start, count in ((6, 0, 58), (15, 300, 49), (15, 0, 49), (6, 900, 58), (10, 200, 118), (15, 100, 20)):
        steps.append([make(slot, 100 + slot, 1, 1) for slot in range(rows)] + [make(rows, start, count)])
    return steps
