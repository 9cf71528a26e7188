"""What a timeline adds up to."""

from collections import Counter
from dataclasses import dataclass

from tiny_batch_kit.timeline.events import Kind, Timeline


@dataclass(frozen=True)
class Summary:
    """The totals of one run.

    A row-step is one slot computed in one step. `occupancy` is the share of them that did useful work (prefill or
    decode); it says nothing of how busy the machine's arithmetic was.
    """

    label: str
    seconds: float
    requests: int
    tokens: int
    tokens_per_second: float
    steps: int
    row_steps: int
    wasted_row_steps: int
    occupancy: float


def summarise(timeline: Timeline) -> Summary:
    """Return the totals of `timeline`; an empty one has zeros."""
    rows = Counter(event.kind for event in timeline.events)
    steps = rows[Kind.STEP]
    useful = rows[Kind.PREFILL] + rows[Kind.DECODE]
    tokens = sum(event.sampled for event in timeline.of(Kind.PREFILL, Kind.DECODE))
    seconds = timeline.end - timeline.start
    return Summary(
        label=timeline.label,
        seconds=seconds,
        requests=len(timeline.requests()),
        tokens=tokens,
        tokens_per_second=tokens / seconds if seconds > 0 else 0.0,
        steps=steps,
        row_steps=useful + rows[Kind.WASTED],
        wasted_row_steps=rows[Kind.WASTED],
        occupancy=useful / (useful + rows[Kind.WASTED]) if useful else 0.0,
    )
