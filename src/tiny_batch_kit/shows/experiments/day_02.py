"""Day 2's experiment: what a static batch wastes, with prompts as they come and with prompts in buckets."""

from collections.abc import Sequence
from types import ModuleType

from tiny_batch_kit.base.progress import Progress
from tiny_batch_kit.course import implementations
from tiny_batch_kit.machine.clocks import WallClock
from tiny_batch_kit.model.checkpoints import Checkpoint
from tiny_batch_kit.serving.workloads import Job, Lengths, chat_mix, prompt_ids
from tiny_batch_kit.shows.experiments import Experiment
from tiny_batch_kit.timeline.events import Timeline
from tiny_batch_kit.timeline.recorder import Recorder
from tiny_batch_kit.timeline.stats import summarise
from tiny_batch_kit.timeline.svg import render_svg

ROWS = 8
BUCKETS = [48, 256]


def run(checkpoint: Checkpoint, quick: bool, progress: Progress) -> Experiment:
    """Serve one chat mix twice in batches of 8: in order of arrival, and gathered by length first."""
    padding = implementations.load("padding")
    jobs = chat_mix(
        16 if quick else 32,
        long_share=0.25,
        short=Lengths(8, 48),
        long=Lengths(128, 256),
        outputs=Lengths(4, 32),
        seed=2,
    )
    plans = {"as they come": in_order(jobs), "in buckets": in_buckets(jobs, padding)}

    timelines, rows = [], []
    for index, (name, batches) in enumerate(plans.items()):
        progress(f"serving {len(jobs)} requests {name}", index / len(plans))
        timeline = serve(checkpoint, name, batches)
        timelines.append(timeline)
        rows.append(_row(name, timeline, batches, padding))
    ratio = summarise(timelines[0]).seconds / summarise(timelines[1]).seconds
    return Experiment(
        title="What a static batch wastes, with and without buckets",
        columns=["requests", "seconds", "tokens/s", "steps", "padding", "bubbles", "wasted row-steps"],
        rows=rows,
        data={"buckets": BUCKETS, "rows": ROWS, "jobs": [[job.prompt_tokens, job.output_tokens] for job in jobs]},
        svg=render_svg(timelines, title="Static batches, as requests come and in buckets"),
        timelines=timelines,
        notes=[
            f"Buckets of {' and '.join(map(str, BUCKETS))} tokens: {ratio:.2f} times the speed.",
            "Padding is the share of the prefills' cells without a token; bubbles are the share of all row-steps whose "
            "row had finished. Buckets mend the first and can't mend the second: how long an answer will be, no "
            "prompt says.",
        ],
    )


def in_order(jobs: Sequence[Job]) -> list[list[Job]]:
    """Batches of at most 8 jobs, as they come."""
    return [list(jobs[start : start + ROWS]) for start in range(0, len(jobs), ROWS)]


def in_buckets(jobs: Sequence[Job], padding: ModuleType) -> list[list[Job]]:
    """Batches of at most 8 jobs, each from one bucket of Task 2.4."""
    buckets = padding.bucket_by_length([job.prompt_tokens for job in jobs], BUCKETS)
    return [batch for indices in buckets.values() for batch in in_order([jobs[index] for index in indices])]


def serve(checkpoint: Checkpoint, name: str, batches: Sequence[Sequence[Job]]) -> Timeline:
    """Serve each batch to its end, one after the other, with Task 2.3, and record every step."""
    static, vocab = implementations.load("static"), checkpoint.model.config.vocab_size
    recorder = Recorder(WallClock(), name)
    for batch in batches:
        prompts = [prompt_ids(job, vocab) for job in batch]
        on_step = recorder.static_batch([job.id for job in batch], prompt_tokens=[job.prompt_tokens for job in batch])
        limits = [job.output_tokens for job in batch]
        static.static_generate(checkpoint.model, prompts, limits, None, on_step=on_step)
    return recorder.timeline()


def _row(name: str, timeline: Timeline, batches: Sequence[Sequence[Job]], padding: ModuleType) -> list[object]:
    summary = summarise(timeline)
    waste = padding.padding_waste([[job.prompt_tokens for job in batch] for batch in batches])
    bubbles = summary.wasted_row_steps / summary.row_steps
    return [
        name,
        summary.seconds,
        summary.tokens / summary.seconds,
        summary.steps,
        f"{waste:.0%}",
        f"{bubbles:.0%}",
        summary.wasted_row_steps,
    ]
