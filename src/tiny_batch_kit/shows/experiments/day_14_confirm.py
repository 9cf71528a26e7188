"""Day 14's tuning, confirmed on the real model: the best setting beside others, simulated and measured."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from tiny_batch_kit.base.progress import Progress
from tiny_batch_kit.course import implementations
from tiny_batch_kit.model.checkpoints import Checkpoint
from tiny_batch_kit.shows.experiments import day_14_live as live
from tiny_batch_kit.shows.experiments import day_14_tuning as tuning
from tiny_batch_kit.simulator.cost import CostModel
from tiny_batch_kit.simulator.simulate import simulate


@dataclass(frozen=True)
class Confirmed:
    """A setting under one crowd: tokens a second and the 99th percentile of TPOT, simulated and on the model."""

    setting: Any
    simulated: tuple[float, float]
    measured: tuple[float, float]


def confirm(checkpoint: Checkpoint, best: Any, count: int, prices: CostModel, progress: Progress) -> list[Confirmed]:
    """Serve a crowd of `count` chat requests with the `best` setting, with fewer slots, and with longer steps."""
    settings = [best, replace(best, slots=best.slots // 4), replace(best, tokens=2 * best.tokens)]
    jobs = [replace(job, arrival=0.0) for job in live.at(1.0, 1.0, count, 3)]
    server = live.Server(checkpoint, time.perf_counter)
    found = []
    for number, setting in enumerate(settings):
        progress(f"{count} requests with {tuning.words(setting)}", number / len(settings))
        guess = simulate(iter(jobs), tuning.scheduler(setting), prices)
        real = server.serve_with(tuning.scheduler(setting), runner(server.model, setting), jobs)
        simulated = (guess.tokens_per_second, guess.percentile("tpot", 99))
        found.append(Confirmed(setting, simulated, (real.speed, real.tail())))
    return found


def runner(model: Any, setting: Any) -> Any:
    """What runs a setting's plans on the model, in pages."""
    pages = tuning.MEMORY // setting.block
    return implementations.load("paged_runner").PagedRunner(model, num_blocks=pages, block_size=setting.block)


def told(found: Sequence[Confirmed]) -> list[str]:
    """What was seen: each beside the first, since this machine may be faster or slower than the simulator's."""
    speed, tail = zip(found[0].simulated, found[0].measured, strict=True)
    return [
        f"{tuning.words(each.setting)}: {each.measured[0]:.1f} tokens/s and TPOT p99 {each.measured[1]:.3f} s on "
        f"the model; beside the best, {each.measured[0] / speed[1]:.2f} and {each.measured[1] / tail[1]:.2f} times "
        f"(simulated: {each.simulated[0] / speed[0]:.2f} and {each.simulated[1] / tail[0]:.2f})."
        for each in found
    ]
