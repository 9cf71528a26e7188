"""Day 4's experiment: what choosing the next token costs, and what a seed is worth in company."""

import time
from types import ModuleType
from typing import TYPE_CHECKING, Any

import mlx.core as mx
import numpy as np

from tiny_batch_kit.base.progress import Progress
from tiny_batch_kit.course import implementations
from tiny_batch_kit.model.attention import PaddedCache
from tiny_batch_kit.model.checkpoints import Checkpoint
from tiny_batch_kit.shows.experiments import Experiment

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BATCHES = (1, 4, 16)
WAYS: dict[str, dict[str, Any]] = {
    "greedy": {},
    "temperature": {"temperature": 0.8},
    "and top-k 50": {"temperature": 0.8, "top_k": 50},
    "and top-p 0.9": {"temperature": 0.8, "top_p": 0.9},
}
PROMPT = "Write one sentence about the sea."


def run(checkpoint: Checkpoint, quick: bool, progress: Progress) -> Experiment:
    """Time `sample_batch` on the model's real logits, and sample one answer alone and in company."""
    sampling = implementations.load("sampling")
    logits = first_logits(checkpoint)
    rounds = 3 if quick else 15
    cells: dict[str, list[float]] = {}
    for index, (name, options) in enumerate(WAYS.items()):
        progress(f"choosing: {name}", index / (len(WAYS) + 1))
        cells[name] = [
            choosing_ms(sampling, mx.repeat(logits[None], batch, axis=0), options, rounds) for batch in BATCHES
        ]
    progress("one answer, alone and in company", len(WAYS) / (len(WAYS) + 1))
    same, text = seeds_hold(checkpoint, sampling, 8 if quick else 24)
    return Experiment(
        title=f"What choosing a token of {logits.size:,} costs",
        columns=["way", *(f"{batch} rows, ms" if batch > 1 else "1 row, ms" for batch in BATCHES)],
        rows=[[name, *times] for name, times in cells.items()],
        data={"batches": list(BATCHES), "milliseconds": cells, "text": text, "same_in_company": same},
        figure=lambda: draw(cells),
        description="Milliseconds to choose the next tokens of 1, 4 and 16 rows: greedy is nearly free, a temperature "
        "costs a softmax, and top-k or top-p sort the whole vocabulary of every row.",
        notes=[
            f"At temperature 0.8 with seed 1, served alone: {text!r}",
            "The same seed beside seven others gave "
            + ("the same tokens." if same else "other tokens: somewhere the batch changed a logit, or your draw."),
        ],
    )


def first_logits(checkpoint: Checkpoint) -> mx.array:
    """The logits behind the prompt, (V,)."""
    prompt = checkpoint.tokenizer.chat(PROMPT)
    hidden = forward(checkpoint, PaddedCache(checkpoint.model.config.num_layers), [prompt], 0)
    return hidden[0]


def forward(checkpoint: Checkpoint, cache: PaddedCache, rows: list[list[int]], start: int) -> mx.array:
    """The logits of the last of L new tokens of equal rows, (B, V)."""
    length = len(rows[0])
    positions = mx.arange(start, start + length, dtype=mx.int32)
    mask = mx.arange(start + length)[None, :] <= positions[:, None]
    shape = (len(rows), length)
    hidden = checkpoint.model(
        mx.array(rows, dtype=mx.int32), mx.broadcast_to(positions[None], shape), cache.attend(mask)
    )
    return checkpoint.model.logits(hidden[:, -1])


def choosing_ms(sampling: ModuleType, logits: mx.array, options: dict[str, Any], rounds: int) -> float:
    """Milliseconds of one `sample_batch`, the median of some."""
    params = [sampling.SamplingParams(seed=row, **options) for row in range(logits.shape[0])]
    mx.eval(logits)
    took = []
    for position in range(rounds + 1):
        start = time.perf_counter()
        mx.eval(sampling.sample_batch(logits, params, [position] * len(params)))
        took.append(time.perf_counter() - start)
    return float(np.median(took[1:])) * 1e3


def seeds_hold(checkpoint: Checkpoint, sampling: ModuleType, tokens: int) -> tuple[bool, str]:
    """Whether seed 1 gives the same answer alone as beside seven other seeds, and that answer."""
    answers: list[list[int]] = []
    prompt = checkpoint.tokenizer.chat(PROMPT)
    for seeds in ([1], list(range(8))):
        params = [sampling.SamplingParams(temperature=0.8, seed=seed) for seed in seeds]
        cache, rows, start = PaddedCache(checkpoint.model.config.num_layers), [prompt] * len(seeds), 0
        mine: list[int] = []
        for _ in range(tokens):
            logits = forward(checkpoint, cache, rows, start)
            start += len(rows[0])
            chosen = np.array(sampling.sample_batch(logits, params, [start] * len(seeds))).tolist()
            mine.append(chosen[seeds.index(1)])
            rows = [[token] for token in chosen]
        answers.append(mine)
    ended = answers[0].index(checkpoint.eos_token_id) if checkpoint.eos_token_id in answers[0] else tokens
    return answers[0] == answers[1], checkpoint.tokenizer.decode(answers[0][:ended])


def draw(cells: dict[str, list[float]]) -> "Figure":
    """Bars in groups: a group for each batch, a bar for each way."""
    from tiny_batch_kit.shows import plots

    figure, (axes,) = plots.figure(width=7.2, height=3.8)
    width = 0.8 / len(cells)
    for index, (name, times) in enumerate(cells.items()):
        bars = axes.bar([group + index * width for group in range(len(BATCHES))], times, width * 0.92, label=name)
        axes.bar_label(bars, fmt="%.1f", padding=2, fontsize=9, color=plots.INK)
    axes.set(title="milliseconds to choose", yscale="log", xlabel="rows in the batch")
    axes.set_xticks([group + 0.4 - width / 2 for group in range(len(BATCHES))], [str(batch) for batch in BATCHES])
    axes.margins(y=0.15)
    axes.legend(frameon=False)
    return figure
