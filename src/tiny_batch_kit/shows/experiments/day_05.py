"""Day 5's experiment: what a decode step, an arrival and a departure cost the cache, beside a naive cache."""

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import mlx.core as mx
import numpy as np

from tiny_batch_kit.base.progress import Progress
from tiny_batch_kit.course import implementations
from tiny_batch_kit.model.checkpoints import Checkpoint
from tiny_batch_kit.model.config import Qwen2Config
from tiny_batch_kit.shows.experiments import Experiment

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROWS = 16
Step = Callable[[], None]


class NaiveCache:
    """A layer's cache as it is often sketched: a list of caches, made into one dense batch anew at every step."""

    def __init__(self, slots: int) -> None:
        """Slots that are all free."""
        self.slots: list[Any] = [None] * slots

    def update_and_fetch(self, keys: mx.array, values: mx.array) -> tuple[mx.array, mx.array]:
        """Append to every request, then pad all to the longest and stack them."""
        dense = [cache.update_and_fetch(keys[i : i + 1], values[i : i + 1]) for i, cache in enumerate(self.slots)]
        width = max(each[0].shape[2] for each in dense)
        stack = [
            mx.concatenate(
                [mx.pad(each[part], [(0, 0), (0, 0), (0, width - each[part].shape[2]), (0, 0)]) for each in dense]
            )
            for part in (0, 1)
        ]
        return stack[0], stack[1]


def run(checkpoint: Checkpoint, quick: bool, progress: Progress) -> Experiment:
    """Time one decode step's share of the cache, all layers, at growing contexts; and one arrival."""
    kv = implementations.load("kv_cache")
    config = checkpoint.model.config
    contexts = (64, 256) if quick else (64, 128, 256, 512, 1024)
    rounds = 5 if quick else 9
    rows: list[list[object]] = []
    for index, context in enumerate(contexts):
        progress(f"{ROWS} requests with {context} positions each", index / len(contexts))
        batched, naive, arrive = steps(kv, config, checkpoint.model.dtype, context)
        rows.append([context, milliseconds(batched, rounds), milliseconds(naive, rounds), milliseconds(arrive, rounds)])
    return Experiment(
        title=f"What the cache costs a step: {ROWS} requests, {config.num_layers} layers",
        columns=["positions each", "your cache, ms", "rebuilt each step, ms", "one arrival, ms"],
        rows=rows,
        data={"rows": ROWS, "layers": config.num_layers},
        figure=lambda: draw(rows),
        description="Milliseconds that a decode step spends on the cache, against the positions that each of 16 "
        "requests has stored. The cache with slots stays nearly flat; a rebuilt one grows with them.",
        notes=[
            "Both give the model the same numbers. Rebuilding copies every key and value of every request for every "
            "token; a slot is written where the new token goes, and nowhere else.",
            "An arrival copies one prefilled request of that length into its slot, in all layers. A departure sets one "
            "number.",
        ],
    )


def steps(kv: Any, config: Qwen2Config, dtype: mx.Dtype, context: int) -> tuple[Step, Step, Step]:
    """A decode step through slots, one through rebuilt batches, and an arrival (with the departure that makes room)."""
    heads, width, layers = config.num_kv_heads, config.head_dim, range(config.num_layers)

    def prefilled() -> Any:
        cache = kv.TinyKvCache()
        part = mx.random.normal((1, heads, context, width)).astype(dtype)
        cache.update_and_fetch(part, part)
        return cache

    one = prefilled()
    batched = [kv.BatchingKvCache(ROWS, context + 64) for _ in layers]
    naive = [NaiveCache(ROWS) for _ in layers]
    for cache, other in zip(batched, naive, strict=True):
        for slot in range(ROWS):
            cache.add_request(one, slot)
            other.slots[slot] = prefilled()
    new = mx.random.normal((ROWS, heads, 1, width)).astype(dtype)
    mx.eval(new, [cache.keys for cache in batched], [each.keys for other in naive for each in other.slots])

    def through(caches: Sequence[Any]) -> Step:
        # Touch what comes back, as attention does: an array that nobody reads is never computed.
        return lambda: mx.eval([part[:, :, -1:].sum() for cache in caches for part in cache.update_and_fetch(new, new)])

    def arrive() -> None:
        for cache in batched:
            cache.remove_request(3)
            cache.add_request(one, 3)
        mx.eval([cache.keys for cache in batched], [cache.values for cache in batched])

    return through(batched), through(naive), arrive


def milliseconds(step: Step, rounds: int) -> float:
    """The median of some runs, after one to warm up."""
    step()
    took = []
    for _ in range(rounds):
        start = time.perf_counter()
        step()
        took.append(time.perf_counter() - start)
    return float(np.median(took)) * 1e3


def draw(rows: Sequence[Sequence[Any]]) -> "Figure":
    """A line for each cache."""
    from tiny_batch_kit.shows import plots

    figure, (axes,) = plots.figure(width=7.2, height=3.8)
    contexts = [row[0] for row in rows]
    axes.plot(contexts, [row[2] for row in rows], "s--", label="rebuilt at every step")
    axes.plot(contexts, [row[1] for row in rows], "o-", label="slots")
    axes.set(title="milliseconds of cache work a decode step", xlabel="positions that each request has stored")
    axes.set(ylim=(0, None))
    axes.set_xticks(contexts, [str(context) for context in contexts])
    axes.legend(frameon=False)
    return figure
