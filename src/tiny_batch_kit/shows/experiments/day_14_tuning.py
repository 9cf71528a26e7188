"""Day 14's second half: which setting is best, searched and by the whole grid, on the simulator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tiny_batch_kit.base.progress import Progress
from tiny_batch_kit.course import implementations
from tiny_batch_kit.serving.workloads import chat_stream
from tiny_batch_kit.simulator.cost import CostModel
from tiny_batch_kit.simulator.simulate import simulate

SLOTS, TOKENS, BLOCKS = (4, 8, 16, 32), (32, 48, 56, 64, 128), (8, 16, 64)
"""What is searched."""
MEMORY, LIMIT, LONGEST = 3072, 256, 2048
"""Tokens of memory; new tokens that callers allow, though answers have 8 to 64; tokens of a request at most."""
TPOT = 0.25
"""What is promised, in seconds, for 99 of 100 requests."""
RATE = 1e6
"""Requests a second: all are there at once, and the same for all settings, so that throughputs can be compared."""


@dataclass
class Tuned:
    """All points that were measured, by setting; which of them the search measured; and the best of each."""

    grid: dict[Any, Any] = field(default_factory=dict)
    searched: list[Any] = field(default_factory=list)
    best: Any = None
    best_of_all: Any = None
    front: list[Any] = field(default_factory=list)


def tune(count: int, prices: CostModel, progress: Progress, whole: bool = True) -> Tuned:
    """Search, and measure the whole grid too if `whole`: what does the search miss?"""
    load = implementations.load
    tuning, objective = load("tuning"), load("totals").Objective(float("inf"), TPOT)
    found = Tuned()

    def measure(setting: Any) -> Any:
        if setting not in found.grid:
            progress(f"{count:,} requests: {words(setting)}")
            found.grid[setting] = serve(setting, count, prices)
        return found.grid[setting]

    found.searched = tuning.search(measure, SLOTS, TOKENS, BLOCKS, objective)
    found.best = tuning.best_under(found.searched, objective)
    if whole:
        for setting in every(tuning.Setting):
            measure(setting)
    found.best_of_all = tuning.best_under(found.grid.values(), objective)
    found.front = tuning.pareto(found.grid.values())
    return found


def every(make: Any) -> list[Any]:
    """All settings of the grid that a scheduler takes."""
    return [make(slots, tokens, block) for slots in SLOTS for tokens in TOKENS for block in BLOCKS if slots <= tokens]


def scheduler(setting: Any) -> Any:
    """A scheduler that is set up so, with MEMORY in pages."""
    load = implementations.load
    allocator = load("block_allocator").BlockAllocator(MEMORY // setting.block, setting.block)
    limits = {"max_running": setting.slots, "max_batched_tokens": setting.tokens, "max_seq_len": LONGEST}
    return load("paged_kv").PagedScheduler(allocator, **limits)


def serve(setting: Any, count: int, prices: CostModel) -> Any:
    """What comes of a setting when there is always somebody waiting."""
    found = simulate(chat_stream(count, rate=RATE), scheduler(setting), prices, limit=LIMIT)
    ttft, tpot = found.percentile("ttft", 99), found.percentile("tpot", 99)
    return implementations.load("tuning").Point(setting, found.tokens_per_second, ttft, tpot)


def rows(found: Tuned) -> list[list[object]]:
    """The table: what the search measured, and the best of all."""
    return [row(point) for point in found.searched] + [["the best of all", *row(found.best_of_all)[1:]]]


def row(point: Any) -> list[object]:
    """A row of the table."""
    return [words(point.setting), point.throughput, point.tpot]


def words(setting: Any) -> str:
    """A setting in words."""
    return f"{setting.slots} slots, {setting.tokens} tokens, blocks of {setting.block}"


def draw(axes: Any, found: Tuned, colours: Sequence[str], ink: str) -> None:
    """Throughput and TPOT of all points, those that nothing beats as a line, and those that the search measured."""
    points = list(found.grid.values())
    axes.plot([p.tpot for p in points], [p.throughput for p in points], ".", color=colours[2], alpha=0.5, label="all")
    axes.plot([p.tpot for p in found.front], [p.throughput for p in found.front], "-", color=colours[0], label="front")
    axes.plot(
        [p.tpot for p in found.searched],
        [p.throughput for p in found.searched],
        "o",
        color=colours[1],
        fillstyle="none",
        label="measured by the search",
    )
    axes.axvline(TPOT, linestyle="--", linewidth=1.2, color=ink)
    axes.set(title="tokens/s by TPOT p99, s", xlim=(0, None), ylim=(0, None))
    axes.legend(frameon=False, loc="lower right", fontsize=9)
