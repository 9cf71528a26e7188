"""Make the book's pictures from real runs of the reference: `python scripts/make_figures.py [NAME ...]`.

NAME is a picture's file name without .svg; all of them by default. day-NN is the experiment of that day on the default
model: run these on a quiet machine, and name the machine in the caption.
"""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

FIGURES = Path(__file__).parent.parent / "book" / "src" / "figures"


def roofline() -> str:
    """Throughput against batch size at two contexts, from Day 1's formulas."""
    from tiny_batch_kit.course import implementations
    from tiny_batch_kit.machine.hardware import A100
    from tiny_batch_kit.model.shapes import LLAMA_3_8B
    from tiny_batch_kit.shows import plots

    cost = implementations.load("roofline").decode_step_cost
    batches = [2**power for power in range(10)]
    figure, (speeds, times) = plots.figure(columns=2, width=9, height=3.8)
    for context, look in ((128, "o-"), (1024, "s--")):
        seconds = [cost(LLAMA_3_8B, A100, batch, context).seconds for batch in batches]
        label = f"{context} positions"
        speeds.plot(batches, [batch / each for batch, each in zip(batches, seconds, strict=True)], look, label=label)
        times.plot(batches, [1e3 * each for each in seconds], look, label=label)
    for axes, title in ((speeds, "tokens a second"), (times, "ms a step")):
        axes.set(title=title, xlabel="rows in the batch", xscale="log", ylim=(0, None))
        axes.set_xticks(batches, [str(batch) for batch in batches])
        axes.minorticks_off()
        axes.legend(frameon=False)
    return plots.svg_text(
        figure,
        "Throughput and step time of Llama 3 8B on an A100, predicted",
        "With 128 positions, tokens a second rise almost with the batch up to about 180 rows and then stay at "
        "19,300, while the step time, flat at first, grows. With 1024 positions they bend earlier: 12,300 at 512 rows.",
    )


def static_batch() -> str:
    """The timeline, in steps, of one static batch of four requests on the tiny model."""
    from tiny_batch_kit.course import implementations
    from tiny_batch_kit.machine.clocks import VirtualClock
    from tiny_batch_kit.model.tiny import tiny_random
    from tiny_batch_kit.timeline.recorder import Recorder
    from tiny_batch_kit.timeline.svg import render_svg

    prompts, limits = [[5, 6, 7, 8], [9], [10, 11, 12], [13, 14]], [8, 14, 16, 18]
    recorder = Recorder(VirtualClock(), "one static batch")
    on_step = recorder.static_batch(["A", "B", "C", "D"], prompt_tokens=[len(prompt) for prompt in prompts])
    implementations.load("static").static_generate(tiny_random(), prompts, limits, None, on_step=on_step)
    return render_svg(
        [recorder.timeline()],
        axis="steps",
        title="One static batch of four requests",
        description="A, B, C and D start together. A finishes after 8 steps, B after 14, C after 16, D after 18. "
        "Until step 18 the rows of A, B and C are computed and wasted: 16 of 72 row-steps.",
    )


def demo() -> str:
    """The timelines of the last `course demo`, for the README."""
    from tiny_batch_kit.base.paths import OUT
    from tiny_batch_kit.timeline.events import read_jsonl
    from tiny_batch_kit.timeline.svg import render_svg

    files = sorted(OUT.glob("demo-*.jsonl"))
    if not files:
        raise SystemExit("there is no recorded demo: run ./scripts/course demo first")
    return render_svg([read_jsonl(file) for file in files], title="The same requests, served in five ways")


def open_loop() -> str:
    """Latency of the same simulated server, as a generator sees it that waits for answers, and one that does not."""
    from tiny_batch_kit.shows import plots
    from tiny_batch_kit.shows.open_loop import LOOPS

    figure, axes = plots.figure(columns=2, width=9, height=3.6)
    for place, (name, run), colour in zip(axes, LOOPS.items(), plots.COLOURS, strict=False):
        seen = run()
        place.plot(seen.came, seen.took, ".", color=colour)
        label = f"p50 {seen.percentile(50):.1f} s, p99 {seen.percentile(99):.1f} s"
        place.set(title=f"{name}: {label}", xlabel="asked at, s", ylabel="seconds to the end", ylim=(0, 16))
    return plots.svg_text(
        figure,
        "A server that stands still for ten seconds, as two load generators see it",
        "On the left, requests come as they please: those that come while the server stands still wait up to 13 s, and "
        "those behind them queue for another twelve. On the right, sixteen clients wait for their answers: sixteen "
        "requests take long, and then all is as before.",
    )


def versus() -> str:
    """The last `bench engine`: speed and worst gap of each side on each workload."""
    import json

    from tiny_batch_kit.base.paths import OUT
    from tiny_batch_kit.shows import plots

    file = OUT / "versus-engine.json"
    if not file.exists():
        raise SystemExit("nothing was compared yet: run ./scripts/course bench engine --ref first")
    found = json.loads(file.read_text(encoding="utf-8"))["workloads"]
    figure, (speeds, gaps) = plots.figure(columns=2, width=9, height=3.6)
    sides = [each["side"] for each in next(iter(found.values()))]
    for axes, name, title in (
        (speeds, "tokens_per_second", "tokens a second"),
        (gaps, "worst_gap", "worst gap between two tokens, s"),
    ):
        for number, side in enumerate(sides):
            places = [place + 0.21 * (number - 1.5) for place in range(len(found))]
            axes.bar(places, [measured[number][name] for measured in found.values()], 0.19, label=side)
        axes.set(title=title, yscale="log" if axes is gaps else "linear")
        axes.set_xticks(range(len(found)), list(found))
    speeds.legend(frameon=False)
    return plots.svg_text(
        figure,
        "The engine of Day 9 beside mlx-lm's own batching, on four workloads",
        "On all four workloads the engine makes the most tokens a second. On the two with prompts of unequal length "
        "its lead is largest, on the model that is not arranged too, and its worst gap is by far the shortest.",
    )


def experiment(day: int, part: str = "") -> str:
    """The picture of a day's experiment on the default model."""
    from tiny_batch_kit.model.checkpoints import load_checkpoint
    from tiny_batch_kit.shows import experiments

    result = experiments.find(day, part).run(load_checkpoint(), False, lambda message, fraction=None: print(message))
    print(result.columns, *result.rows, *result.notes, sep="\n")
    picture = experiments.picture_of(result)
    if picture is None:
        raise SystemExit(f"the experiment of day {day} has no picture")
    return picture


PICTURES: dict[str, Callable[[], str]] = {
    "roofline": roofline,
    "static-batch": static_batch,
    "demo": demo,
    "versus": versus,
    "open-loop": open_loop,
    **{f"day-{day:02d}": partial(experiment, day) for day in (*range(1, 15), 16)},
    "day-14-load": lambda: experiment(14, "load"),
}


def main(names: list[str]) -> None:
    """Make the pictures named, or all."""
    from tiny_batch_kit.course import implementations
    from tiny_batch_kit.machine import blas

    unknown = set(names) - set(PICTURES)
    if unknown:
        raise SystemExit(f"no such picture: {', '.join(sorted(unknown))}. There are: {', '.join(PICTURES)}")
    blas.use_fast()
    implementations.install("ref")
    FIGURES.mkdir(exist_ok=True)
    for name in names or PICTURES:
        (FIGURES / f"{name}.svg").write_text(PICTURES[name](), encoding="utf-8")
        print(f"wrote {name}.svg")


if __name__ == "__main__":
    main(sys.argv[1:])
