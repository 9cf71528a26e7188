"""Day 7's experiment: one workload, four ways to serve it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tiny_batch_kit.base.paths import RUN
from tiny_batch_kit.base.progress import Progress
from tiny_batch_kit.model.checkpoints import Checkpoint
from tiny_batch_kit.serving.run import Run, Served
from tiny_batch_kit.serving.trace import Asked, from_jobs
from tiny_batch_kit.serving.ways import BATCHING, MAX_WAIT_MS, Way
from tiny_batch_kit.serving.workloads import Job, Lengths, chat_mix
from tiny_batch_kit.shows.experiments import Experiment
from tiny_batch_kit.timeline.stats import summarise
from tiny_batch_kit.timeline.svg import render_svg

if TYPE_CHECKING:
    from tiny_batch_kit.timeline.events import Timeline

SLOTS = 16
RATE = 3.0
"""Requests a second: many times what the model serves one by one."""


def workload(count: int) -> list[Job]:
    """The chat mix of the comparison."""
    return chat_mix(
        count,
        rate=RATE,
        long_share=0.15,
        short=Lengths(16, 48),
        long=Lengths(96, 192),
        outputs=Lengths(16, 96),
        seed=7,
    )


def run(checkpoint: Checkpoint, quick: bool, progress: Progress) -> Experiment:
    """Serve the same requests one by one, in static, in dynamic and in continuous batches."""
    asked = from_jobs(checkpoint, workload(12 if quick else 40))
    served: dict[str, Served] = {}
    for index, way in enumerate(BATCHING):
        progress(f"{way.name}: {len(asked)} requests", index / len(BATCHING))
        serve(way, checkpoint, asked[:2])  # nobody pays for the first use of anything
        served[way.name] = serve(way, checkpoint, asked)
    rows = [row(name, each) for name, each in served.items()]
    fast = summarise(served["Continuous"].timeline).tokens_per_second
    slow = summarise(served["One by one"].timeline).tokens_per_second
    timelines = [each.timeline for each in served.values()]
    return Experiment(
        title=f"One workload, four ways: {len(asked)} chat requests, {SLOTS} slots",
        columns=[
            "way",
            "seconds",
            "tokens/s",
            "mean latency s",
            "p95 latency s",
            "steps",
            "occupancy",
            "wasted row-steps",
        ],
        rows=rows,
        data={
            "slots": SLOTS,
            "rate": RATE,
            "latencies": {name: each.latencies for name, each in served.items()},
            "jobs": [[one.arrival, len(one.ids), one.limit] for one in asked],
        },
        svg=picture(timelines),
        timelines=timelines,
        notes=[
            f"Continuous batching made {fast / slow:.1f} times the tokens a second of one by one.",
            f"Requests arrive at random, {RATE:g} a second; the dynamic batcher waits at most {MAX_WAIT_MS} ms.",
            "Latency is from arrival until the caller has the whole answer: a static batch hands out all at its end.",
            "Occupancy is the share of computed rows whose result somebody wanted.",
            agreement(list(served.values())),
        ],
    )


def serve(way: Way, checkpoint: Checkpoint, asked: Sequence[Asked]) -> Served:
    """Serve requests in one way; no token ends an answer, so that all ways make the same number."""
    progress = Run(way.name, checkpoint, asked, 1 if way is BATCHING[0] else SLOTS, None)
    way.serve(progress)
    return progress.served()


def agreement(served: Sequence[Served]) -> str:
    """In words, whether all ways gave the same answers."""
    parted = sum(
        len({str(answer) for answer in answers}) > 1 for answers in zip(*(s.tokens for s in served), strict=True)
    )
    if not parted:
        return "All ways gave the same answers, token for token."
    return (
        f"{parted} of {len(served[0].tokens)} answers are not the same in all ways: either rounding where two tokens "
        "were too close to call (a fast matrix library adds up in another order for other shapes), or a mistake, which "
        f"{RUN} test would show."
    )


def row(name: str, served: Served) -> list[object]:
    """A row of the table."""
    total = summarise(served.timeline)
    return [
        name,
        total.seconds,
        total.tokens_per_second,
        float(np.mean(served.latencies)),
        float(np.quantile(served.latencies, 0.95)),
        total.steps,
        f"{total.occupancy:.0%}",
        total.wasted_row_steps,
    ]


def picture(timelines: Sequence["Timeline"]) -> str:
    """The four timelines on one scale."""
    return render_svg(list(timelines), title="The same requests, served in four ways")
