"""Day 9's experiment: one forward pass a step in place of two, and what its size does to whom."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tiny_batch_kit.base.progress import Progress
from tiny_batch_kit.model.checkpoints import Checkpoint
from tiny_batch_kit.model.tuned import tuned
from tiny_batch_kit.serving.engine import TARGET_GAP, serve_engine
from tiny_batch_kit.serving.run import Run, Served
from tiny_batch_kit.serving.trace import Asked, from_jobs
from tiny_batch_kit.serving.ways import chunked
from tiny_batch_kit.serving.yardsticks import late_long
from tiny_batch_kit.shows.experiments import Experiment
from tiny_batch_kit.timeline.stats import summarise

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SLOTS = 10
FIRST = 6
CHUNK = 64
BUDGETS = (32, 64, 128, 256)
Serve = Callable[[Run], None]


def run(checkpoint: Checkpoint, quick: bool, progress: Progress) -> Experiment:
    """Serve the same ten requests with Day 8's batcher, and with the engine and steps of several sizes."""
    asked = from_jobs(checkpoint, late_long())
    if quick:
        asked = [_shorter(one) for one in asked]
    arranged = replace(checkpoint, model=tuned(checkpoint.model))
    ways: dict[str, tuple[Checkpoint, Serve]] = {f"Day 8, chunks of {CHUNK}": (checkpoint, batcher)}
    for size in (CHUNK,) if quick else BUDGETS:
        ways[f"engine, {size} tokens a step"] = (checkpoint, engine(size))
    ways[f"engine, {TARGET_GAP:g} s a step"] = (checkpoint, engine(None))
    ways[f"engine, {TARGET_GAP:g} s, model arranged"] = (arranged, engine(None))

    found: dict[str, Served] = {}
    for index, (name, (model, serve)) in enumerate(ways.items()):
        progress(name, index / len(ways))
        _serve(name, model, asked[:2], serve)  # nobody pays for the first use of anything
        found[name] = _serve(name, model, asked, serve)
    rows = [row(name, served) for name, served in found.items()]
    return Experiment(
        title="Six requests decode; a prompt of 1,024 tokens and three short ones arrive",
        columns=["way", "TTFT of the long one s", "TTFT of the short ones s", "worst gap s", "tokens/s", "steps"],
        rows=rows,
        data={"slots": SLOTS, "gaps": {name: served.gaps for name, served in found.items()}},
        figure=lambda: draw(rows),
        description="Two bars for each way: the long request's time to first token, and the worst gap of the "
        "six that decode.",
        notes=[
            "Day 8 runs a chunk and a decode pass in each step; the engine runs both in one forward pass.",
            f"{TARGET_GAP:g} s a step: the number of tokens follows the time that steps take.",
            "Model arranged: the kit's `tuned` stores the weights so that OpenBLAS need not copy them.",
        ],
    )


def batcher(run: Run) -> None:
    """Day 8."""
    chunked(run, CHUNK)


def engine(tokens: int | None) -> Serve:
    """Day 9, with so many tokens a step, or as many as keep the target."""
    return lambda run: serve_engine(run, tokens)


def row(name: str, served: Served) -> list[object]:
    """A row of the table."""
    total = summarise(served.timeline)
    short = sum(served.ttft[FIRST + 1 :]) / max(1, len(served.ttft[FIRST + 1 :]))
    return [name, served.ttft[FIRST], short, max(served.gaps[:FIRST]), total.tokens_per_second, total.steps]


def draw(rows: Sequence[Sequence[Any]]) -> "Figure":
    """Both times for each way."""
    from tiny_batch_kit.shows import plots

    figure, (first, gap) = plots.figure(columns=2, width=9, height=3.6)
    names, places = [each[0] for each in rows][::-1], range(len(rows))
    for axes, column, title in ((first, 1, "time to first token of the long request, s"), (gap, 3, "worst gap, s")):
        axes.barh(places, [each[column] for each in rows][::-1])
        axes.set(title=title)
        axes.set_yticks(places, names if axes is first else [""] * len(rows))
    return figure


def _serve(name: str, checkpoint: Checkpoint, asked: Sequence[Asked], serve: Serve) -> Served:
    progress = Run(name, checkpoint, asked, SLOTS, None)
    serve(progress)
    return progress.served()


def _shorter(one: Asked) -> Asked:
    return replace(one, ids=one.ids[:128], limit=min(one.limit, 24), arrival=min(one.arrival, 1.0))
