"""Day 12's experiment: the same memory as slots and as pages: who runs at once, what a step costs, what lies idle."""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from tiny_batch_kit.base.progress import Progress
from tiny_batch_kit.course import implementations
from tiny_batch_kit.model.checkpoints import Checkpoint
from tiny_batch_kit.model.qwen2 import Qwen2
from tiny_batch_kit.model.tuned import tuned
from tiny_batch_kit.serving.caching import BLOCK_SIZE
from tiny_batch_kit.serving.workloads import chat_mix, chat_stream
from tiny_batch_kit.shows.experiments import Experiment
from tiny_batch_kit.simulator import cost
from tiny_batch_kit.simulator.cost import CostModel
from tiny_batch_kit.simulator.simulate import Simulated, simulate

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZE = BLOCK_SIZE
SLOTS, LONGEST = 8, 1280  # the longest prompt of the chat mix, and what its callers allow
LIMIT = 256
TOKENS = 128
RUNNING = 128
LOADS = (0.9, 1.05)
SIZES = (8, 16, 32, 64, 128)
LENGTHS = (100, 300, 500)
FREE, RESERVED, KEPT, USED = range(4)
"""What a piece of memory is: nobody's; somebody's who has nothing in it; to be found again; full of keys and values."""


def run(checkpoint: Checkpoint, quick: bool, progress: Progress) -> Experiment:
    """Serve the chat mix with slots and with pages on the same memory; then measure steps of the real model."""
    count, prices = 300 if quick else 20_000, cost.load()
    progress("simulating with memory full")
    full = {
        name: simulate(chat_stream(count, rate=1e6), make(), prices, limit=LIMIT) for name, make in SCHEDULERS.items()
    }
    rows = [
        _row("requests at once, memory full", full, lambda found: found.at_once),
        _row("tokens/s, memory full", full, lambda found: found.tokens_per_second),
    ]
    capacity = count / full["slots"].seconds
    for number, load in enumerate(LOADS):
        progress(f"simulating {load:.0%} load", 0.2 + 0.2 * number)
        rows += at_load(load, load * capacity, count, prices)
    progress("steps of the real model", 0.6)
    rows += steps(tuned(checkpoint.model), LENGTHS[:1] if quick else LENGTHS)
    rows += [["memory of 4 samples of 512 tokens", 4 * (512 + 32), samples(4), samples(4) / (4 * (512 + 32))]]
    rows += [["memory of 1 of them", 512 + 32, samples(1), samples(1) / (512 + 32)]]
    progress("waste inside of pages", 0.8)
    waste = {size: wasted(size, 60 if quick else 600, prices) for size in SIZES}
    pictures = {name: watch(make(), 40 if quick else 160, prices) for name, make in SCHEDULERS.items()}
    return Experiment(
        title=f"The memory of {SLOTS} slots of {LONGEST:,} tokens, as slots and as pages of {SIZE}",
        columns=["", "slots", "pages", "pages / slots"],
        rows=rows,
        data={"waste": {str(size): list(pair) for size, pair in waste.items()}, "machine": prices.machine},
        figure=lambda: draw(pictures, waste),
        description="On the left, memory as slots over time: most of every slot is reserved and empty. In the middle, "
        "the same memory as pages: packed from the bottom, nothing reserved beyond a page, and what was served stays "
        "until its place is needed. On the right, tokens wasted a request by page size, on the line of the formula.",
        notes=[
            f"Chat mix, {LIMIT} tokens allowed and 8 to 64 made, {count:,} simulated requests a row; 100% load is what "
            f"slots can serve, {capacity:.2f} requests a second by the prices of {prices.machine}.",
            "Steps: 16 requests decode on the real model, medians, in turn.",
            "Waste inside pages, tokens per running request (measured, by the formula): "
            + "; ".join(f"{size}: {got:.1f}, {said:.1f}" for size, (got, said) in waste.items()),
        ],
    )


def with_slots() -> Any:
    """Day 9's scheduler: a slot is a request's, whatever it needs."""
    return implementations.load("plan").Scheduler(max_running=SLOTS, max_batched_tokens=TOKENS, max_seq_len=LONGEST)


def with_pages(size: int = SIZE) -> Any:
    """Day 12's, on the same memory."""
    load = implementations.load
    allocator = load("block_allocator").BlockAllocator(SLOTS * LONGEST // size, size)
    limits = {"max_running": RUNNING, "max_batched_tokens": TOKENS, "max_seq_len": LONGEST}
    return load("paged_kv").PagedScheduler(allocator, **limits)


SCHEDULERS: dict[str, Callable[[], Any]] = {"slots": with_slots, "pages": with_pages}


def _row(name: str, found: dict[str, Simulated], value: Callable[[Simulated], float]) -> list[object]:
    slots, pages = value(found["slots"]), value(found["pages"])
    return [name, slots, pages, pages / slots]


def at_load(load: float, rate: float, count: int, prices: CostModel) -> list[list[object]]:
    """Rows for `rate` requests a second."""
    found = {
        name: simulate(chat_stream(count, rate=rate), make(), prices, limit=LIMIT) for name, make in SCHEDULERS.items()
    }
    values: dict[str, Callable[[Simulated], float]] = {
        "requests at once": lambda each: each.at_once,
        "TTFT p50 s": lambda each: each.percentile("ttft", 50),
        "TTFT p99 s": lambda each: each.percentile("ttft", 99),
        "TPOT s": tpot,
        "tokens/s": lambda each: each.tokens_per_second,
    }
    return [_row(f"{name}, {load:.0%} load", found, value) for name, value in values.items()]


def tpot(found: Simulated) -> float:
    """Seconds a token behind the first, over all requests."""
    rest = sum(found.output_tokens) - len(found.output_tokens)
    return (sum(found.latency) - sum(found.ttft)) / rest


def steps(model: Qwen2, lengths: Sequence[int], rows: int = 16, turns: int = 7) -> list[list[object]]:
    """Milliseconds of a decode step of so many rows, by how many positions each has, in several ways."""
    load, found = implementations.load, list[list[object]]()
    for length in lengths:
        works = [(str(row), row, length - row % 7) for row in range(rows)]
        ways = _ways(load, model, works, length)
        taken: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(turns + 1):
            for name, once in ways.items():
                start = time.perf_counter()
                once()
                taken[name].append(1e3 * (time.perf_counter() - start))
        middle = {name: float(np.median(each[1:])) for name, each in taken.items()}
        for name in [*ways][1:]:
            found.append(
                [
                    f"ms a step, {length} positions: {name}",
                    middle["slots"],
                    middle[name],
                    middle[name] / middle["slots"],
                ]
            )
    return found


def _ways(
    load: Callable[[str], Any], model: Qwen2, works: Sequence[tuple[str, int, int]], length: int
) -> dict[str, Any]:
    sampling, width = load("sampling").SamplingParams(), length // SIZE + 1
    work = tuple(load("plan").Work(name, row, start, [5], 1, sampling) for name, row, start in works)
    count = len(work) * width
    slots = load("runner").MlxRunner(model, max_running=len(work), max_seq_len=length + 1)
    gathering = load("paged_attention").gathering_reader
    make = partial(load("paged_runner").PagedRunner, model, num_blocks=count, block_size=SIZE)
    paged, gathered = make(), make(reader=gathering)
    in_order, mixed = list(range(count)), random.Random(0).sample(range(count), count)
    common = in_order[: width - 2]

    def plan(pages: Sequence[int], shared: Sequence[int] = ()) -> Any:
        own = width - len(shared)
        tables = tuple((*shared, *pages[row * own : (row + 1) * own]) for row in range(len(work)))
        return load("paged_kv").PagedPlan(work, (), tables)

    return {
        "slots": partial(slots.run, plan(in_order)),
        "pages in order": partial(paged.run, plan(in_order)),
        "pages anywhere": partial(paged.run, plan(mixed)),
        "a shared prompt": partial(paged.run, plan(in_order[len(common) :], common)),
        "pages gathered first": partial(gathered.run, plan(mixed)),
    }


def samples(count: int, prompt: int = 512, limit: int = 32) -> int:
    """The most tokens of memory in use at a time by `count` samples of one prompt."""
    load = implementations.load
    scheduler, request = with_pages(), load("request").Request
    ids = [number % 251 for number in range(prompt)]
    for number in range(count):
        scheduler.add(request(str(number), ids, limit, sample_of="0" if number else None))
    most = 0
    while scheduler.has_work:
        plan = scheduler.plan()
        scheduler.commit(plan)
        most = max(most, scheduler.memory_used)
        for work in plan.work:
            one = scheduler.running[work.request_id]
            if work.wanted:
                one.append_token(int(work.request_id))
            if one.is_finished:
                scheduler.remove(work.request_id)
    return most


def wasted(size: int, count: int, prices: CostModel) -> tuple[float, float]:
    """(tokens a running request for which its pages have room and no key, what the formula says: half a page)."""
    scheduler, waste = with_pages(size), list[float]()
    plan_of = scheduler.plan

    def plan() -> Any:
        made = plan_of()
        rooms = [size * len(scheduler.tables[name]) for name in scheduler.running]
        have = [len(each.prompt) + len(each.tokens) for each in scheduler.running.values()]
        waste.extend(room - tokens for room, tokens in zip(rooms, have, strict=True))
        return made

    scheduler.plan = plan
    simulate(chat_stream(count, rate=1e6), scheduler, prices, limit=LIMIT)
    return float(np.mean(waste)), (size - 1) / 2


@dataclass(frozen=True)
class Watched:
    """What each piece of SIZE tokens of memory was, (pieces, steps), and when the steps were, in seconds."""

    map: np.ndarray
    seconds: float


def watch(scheduler: Any, count: int, prices: CostModel) -> Watched:
    """Look at memory in every step of a busy minute or two."""
    columns, plan_of = list[np.ndarray](), scheduler.plan

    def plan() -> Any:
        made = plan_of()
        columns.append(_memory(scheduler))
        return made

    scheduler.plan = plan
    found = simulate(chat_mix(count, rate=1.5, seed=3), scheduler, prices, limit=LIMIT)
    return Watched(np.array(columns).T, found.seconds)


def _memory(scheduler: Any) -> np.ndarray:
    pieces = np.full(SLOTS * LONGEST // SIZE, FREE, np.int8)
    if hasattr(scheduler, "tables"):
        kept = [page.number for page in scheduler.allocator._unused.values()]
        pieces[kept] = KEPT
        for table in scheduler.tables.values():
            pieces[[page.number for page in table]] = USED
        return pieces
    for name, slot in scheduler.slot_of.items():
        one = scheduler.running[name]
        first = slot * LONGEST // SIZE
        pieces[first : first + LONGEST // SIZE] = RESERVED
        pieces[first : first + -(-(len(one.prompt) + len(one.tokens)) // SIZE)] = USED
    return pieces


def draw(pictures: dict[str, Watched], waste: dict[int, tuple[float, float]]) -> "Figure":
    """Memory over time, twice, and waste by page size."""
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    from tiny_batch_kit.shows import plots

    figure, (left, middle, right) = plots.figure(columns=3, width=10.5, height=3.8)
    colours = ["#f2f2f2", "#f0b27a", "#aed6f1", "#1f618d"]
    for axes, (name, seen) in zip((left, middle), pictures.items(), strict=True):
        top = seen.map.shape[0] * SIZE
        look: dict[str, Any] = {"cmap": ListedColormap(colours), "vmin": FREE, "vmax": USED, "interpolation": "nearest"}
        extent = (0, seen.map.shape[1], 0, top)
        axes.imshow(seen.map, aspect="auto", origin="lower", extent=extent, **look)
        axes.set(title=f"memory as {name}", xlabel="step", ylabel="tokens" if axes is left else "")
        axes.grid(visible=False)
    sizes = list(waste)
    right.plot(sizes, [got for got, _ in waste.values()], "o", label="measured")
    right.plot(sizes, [said for _, said in waste.values()], "-", label="(size − 1) / 2")
    right.set(title="tokens wasted a request", xlabel="page size", ylim=(0, None))
    right.legend(frameon=False)
    labels = ("free", "reserved, empty", "kept, unused", "in use")
    handles = [Patch(color=colour, label=label) for colour, label in zip(colours, labels, strict=True)]
    figure.legend(handles=handles, loc="outside lower left", ncols=4, frameon=False)
    return figure
