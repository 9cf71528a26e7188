"""The words that go with a picture of timelines."""

from collections.abc import Sequence

from tiny_batch_kit.timeline.events import Kind, Timeline
from tiny_batch_kit.timeline.spans import Axis
from tiny_batch_kit.timeline.stats import summarise

MEANING = {
    Kind.PREFILL: "prefill",
    Kind.DECODE: "decode",
    Kind.WASTED: "wasted (a bubble)",
    Kind.IDLE: "empty slot",
    Kind.ARRIVE: "arrives",
    Kind.FINISH: "finished",
    Kind.PREEMPT: "preempted",
}

SHARED_SIGNS = "Drawn by shares: a sign has as many cells as its kind has of the time."
SHARED = "Drawn by shares: a column's heights are parts of its time."


def seconds(value: float) -> str:
    """Return a time with the digits that count: "12.3 s", "0.45 s", "3.1 ms"."""
    if value == 0:
        return "0 s"
    if value < 0.0995:
        return f"{value * 1000:.2g} ms" if value < 0.00995 else f"{value * 1000:.0f} ms"
    if value < 9.995:
        return f"{value:.2f} s"
    return f"{value:.1f} s" if value < 99.95 else f"{value:.0f} s"


def rate(value: float) -> str:
    """Return a rate with the digits that count: "7.9", "64.2", "5,121"."""
    return f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def count(number: int, singular: str) -> str:
    """Return "1 step", "2 steps"."""
    return f"{number:,} {singular}" if number == 1 else f"{number:,} {singular}s"


def facts_line(timeline: Timeline, axis: Axis) -> str:
    """Return one line of totals, led by what the picture's axis shows."""
    total = summarise(timeline)
    parts = [count(total.steps, "step"), count(total.wasted_row_steps, "wasted row-step")]
    if axis is Axis.SECONDS:
        parts = [seconds(total.seconds), *parts, f"{rate(total.tokens_per_second)} tokens/s"]
    return " · ".join(parts)


def describe(timelines: Sequence[Timeline], axis: Axis) -> str:
    """Return in sentences what the picture shows, for a reader who can't see it."""
    scale = "time" if axis is Axis.SECONDS else "step"
    lead = f"{count(len(timelines), 'timeline')} on one {scale} scale. " if len(timelines) != 1 else ""
    return lead + " ".join(_sentence(timeline, axis) for timeline in timelines)


def _sentence(timeline: Timeline, axis: Axis) -> str:
    total = summarise(timeline)
    after = f", done after {seconds(total.seconds)}" if axis is Axis.SECONDS else ""
    return (
        f"{timeline.label}: {count(total.requests, 'request')} in {count(timeline.slots, 'slot')}, "
        f"{count(total.steps, 'step')}, {total.wasted_row_steps:,} of "
        f"{count(total.row_steps, 'row-step')} wasted{after}."
    )


def speed_up(first: Timeline, other: Timeline) -> float | None:
    """Return how many times shorter `other` took than `first`, in seconds; None when that can't be told."""
    before, after = summarise(first).seconds, summarise(other).seconds
    return before / after if before > 0 and after > 0 else None


def share(part: int, whole: int) -> str:
    """Return "120 (34%)"; only the number when there is no whole."""
    return f"{part:,} ({part / whole:.0%})" if whole else f"{part:,}"
