"""Day 1's experiment: the real model's step time at B = 1 … 32, beside what the roofline predicts."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import mlx.core as mx

from tiny_batch_kit.base.progress import Progress
from tiny_batch_kit.course import implementations
from tiny_batch_kit.machine.hardware import measure_hardware
from tiny_batch_kit.model.attention import PaddedCache
from tiny_batch_kit.model.checkpoints import Checkpoint
from tiny_batch_kit.model.qwen2 import Qwen2
from tiny_batch_kit.model.shapes import shape_of
from tiny_batch_kit.shows.experiments import Experiment

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CONTEXT = 64


def run(checkpoint: Checkpoint, quick: bool, progress: Progress) -> Experiment:
    """Measure the machine, then one decode step at each batch size, and price the same steps with Task 1.2."""
    roofline = implementations.load("roofline")
    progress("measuring the machine's two speeds")
    hardware, shape = measure_hardware(), shape_of(checkpoint)
    batches = [1, 4, 16] if quick else [1, 2, 4, 8, 16, 32]
    predicted = [roofline.decode_step_cost(shape, hardware, batch, CONTEXT) for batch in batches]

    measured = []
    for index, batch in enumerate(batches):
        progress(f"timing a step of {batch} rows", index / len(batches))
        measured.append(step_seconds(checkpoint.model, batch, CONTEXT, runs=3 if quick else 7))
    rows: list[list[object]] = [
        [batch, 1e3 * cost.seconds, 1e3 * seconds, seconds / cost.seconds, batch / seconds, str(cost.bound)]
        for batch, cost, seconds in zip(batches, predicted, measured, strict=True)
    ]
    gain = batches[-1] / measured[-1] * measured[0]
    return Experiment(
        title=f"A decode step of {checkpoint.name}, predicted and measured",
        columns=["rows", "predicted ms", "measured ms", "measured / predicted", "tokens/s", "predicted bound"],
        rows=rows,
        data={"context": CONTEXT, "flops": hardware.flops, "bandwidth": hardware.bandwidth},
        figure=lambda: draw(batches, [cost.seconds for cost in predicted], measured),
        notes=[
            f"This machine reads {hardware.bandwidth / 1e9:.1f} GB/s and does {hardware.flops / 1e9:.0f} GFLOP/s in "
            f"float32: its ridge is at {hardware.ridge:.0f} operations a byte.",
            f"{batches[-1]} rows make {gain:.1f} times the tokens a second of one row.",
        ],
        description=f"Left: step time against batch size. One row took {1e3 * measured[0]:.0f} ms, {batches[-1]} rows "
        f"{1e3 * measured[-1]:.0f} ms. Right: tokens a second, which grew {gain:.1f} times.",
    )


def step_seconds(model: Qwen2, batch: int, context: int, runs: int) -> float:
    """The median seconds of a decode step of `batch` rows that attend to about `context` positions."""
    cache = PaddedCache(model.config.num_layers)
    _fill(cache, model, batch, context - 1)
    seconds = []
    for step in range(runs + 1):
        start = time.perf_counter()
        tokens = mx.full((batch, 1), 7, dtype=mx.int32)
        positions = mx.full((batch, 1), context - 1 + step, dtype=mx.int32)
        hidden = model(tokens, positions, cache.attend(None))
        mx.eval(mx.argmax(model.logits(hidden[:, -1]), axis=-1))
        seconds.append(time.perf_counter() - start)
    return sorted(seconds[1:])[runs // 2]  # the first step also pays for making room in the cache


def _fill(cache: PaddedCache, model: Qwen2, batch: int, columns: int) -> None:
    """Put random keys and values into the cache: a step's time doesn't depend on what they say."""
    config = model.config
    attend = cache.attend(None)
    for layer in range(config.num_layers):
        q = mx.zeros((batch, columns, config.num_heads, config.head_dim), dtype=model.dtype)
        kv = mx.random.normal((batch, columns, config.num_kv_heads, config.head_dim)).astype(model.dtype)
        mx.eval(attend(layer, q, kv, kv))


def draw(batches: Sequence[int], predicted: Sequence[float], measured: Sequence[float]) -> "Figure":
    """Step time and throughput against the batch size, both axes doubling."""
    from tiny_batch_kit.shows import plots

    figure, (times, speeds) = plots.figure(columns=2, width=9, height=3.8)
    for name, seconds, look in (("roofline", predicted, {"linestyle": "--"}), ("measured", measured, {})):
        style: dict[str, Any] = {"label": name, "marker": "s" if look else "o", **look}
        times.plot(batches, [1e3 * each for each in seconds], **style)
        speeds.plot(batches, [batch / each for batch, each in zip(batches, seconds, strict=True)], **style)
    for axes, title in ((times, "ms a step"), (speeds, "tokens a second")):
        axes.set(title=title, xlabel="rows in the batch", xscale="log", yscale="log")
        axes.set_xticks(batches, [str(batch) for batch in batches], minor=False)
        axes.minorticks_off()
        axes.legend(frameon=False)
    return figure
