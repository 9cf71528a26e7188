"""Day 8's experiment: six requests decode, a long prompt arrives, and the chunk size decides who waits how long."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tiny_batch_kit.base.progress import Progress
from tiny_batch_kit.model.checkpoints import Checkpoint
from tiny_batch_kit.serving.run import Run, Served
from tiny_batch_kit.serving.trace import Asked, from_jobs
from tiny_batch_kit.serving.ways import chunked
from tiny_batch_kit.serving.workloads import Lengths, long_prompt
from tiny_batch_kit.shows.experiments import Experiment
from tiny_batch_kit.timeline.stats import summarise

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DECODERS = 6
SIZES = (16, 32, 64, 128, 256, 512)


def run(checkpoint: Checkpoint, quick: bool, progress: Progress) -> Experiment:
    """Serve the same seven requests with chunks of each size, and with the prompt read at once."""
    prompt = 256 if quick else 1024
    sizes = [size for size in SIZES if size < prompt] if not quick else [64]
    jobs = long_prompt(
        DECODERS,
        prompt_tokens=prompt,
        arrival=2.0,
        followers=0,
        short=Lengths.exactly(16),
        outputs=Lengths.exactly(40 if quick else 112),
        seed=8,
    )
    asked = [one if one.id != jobs[DECODERS].id else _short(one) for one in from_jobs(checkpoint, jobs)]
    serve(checkpoint, asked[:2], 16)  # nobody pays for the first use of anything

    found: dict[int, Served] = {}
    for index, size in enumerate([*sizes, prompt]):
        progress(f"chunks of {size}", index / (len(sizes) + 1))
        found[size] = serve(checkpoint, asked, size)
    rows = [row(size, prompt, served) for size, served in found.items()]
    worst = {size: worst_gap(served) for size, served in found.items()}
    return Experiment(
        title=f"Six requests decode, and a prompt of {prompt:,} tokens arrives",
        columns=["chunk", "TTFT of the long one s", "worst gap of the others s", "tokens/s", "steps"],
        rows=rows,
        data={"worst_gap": {str(size): gap for size, gap in worst.items()}, "prompt": prompt, "decoders": DECODERS},
        figure=lambda: draw(rows),
        description="Against the chunk size: the long request's time to first token, which falls with larger chunks, "
        "and the others' worst gap, which grows with the chunk up to the whole prefill.",
        notes=[
            f"With chunks of 64 the worst gap was 1/{worst[prompt] / worst[64]:.1f} of that without chunks.",
            "TTFT counts from the prompt's arrival. Without chunks all others stand still meanwhile; with chunks "
            "they decode between any two, and the prompt pays for that.",
        ],
    )


def serve(checkpoint: Checkpoint, asked: Sequence[Asked], size: int) -> Served:
    """Serve with chunks of one size."""
    progress = Run(f"chunks of {size}", checkpoint, asked, DECODERS + 1, None)
    chunked(progress, size)
    return progress.served()


def row(size: int, prompt: int, served: Served) -> list[object]:
    """A row of the table."""
    total = summarise(served.timeline)
    name = f"{size}" if size < prompt else "∞"
    return [name, served.ttft[-1], worst_gap(served), total.tokens_per_second, total.steps]


def worst_gap(served: Served) -> float:
    """The longest pause between two tokens of any of the six."""
    return max(served.gaps[:DECODERS])


def draw(rows: Sequence[Sequence[Any]]) -> "Figure":
    """Both times against the chunk size."""
    from tiny_batch_kit.shows import plots

    figure, (axes,) = plots.figure(width=7.2, height=3.8)
    places = range(len(rows))
    axes.plot(places, [each[1] for each in rows], "s--", label="time to first token of the long request")
    axes.plot(places, [each[2] for each in rows], "o-", label="worst gap of the six others")
    axes.set(title="seconds", xlabel="chunk size, tokens", ylim=(0, math.ceil(max(each[1] for each in rows)) + 1))
    axes.set_xticks(places, [str(each[0]) for each in rows])
    axes.legend(frameon=False)
    return figure


def _short(one: Asked) -> Asked:
    """The long request wants few tokens: its prompt is what matters."""
    return Asked(one.id, one.name, one.text, one.ids, 8, one.arrival)
