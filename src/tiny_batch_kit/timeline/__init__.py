"""Timelines: what each slot did and when, recorded once, drawn in the terminal, as SVG and as HTML."""

from tiny_batch_kit.timeline.events import Event, Kind, Timeline, read_jsonl, write_jsonl
from tiny_batch_kit.timeline.recorder import Recorder, RowWork, StaticBatch
from tiny_batch_kit.timeline.stats import Summary, summarise

__all__ = [
    "Event",
    "Kind",
    "Recorder",
    "RowWork",
    "StaticBatch",
    "Summary",
    "Timeline",
    "read_jsonl",
    "summarise",
    "write_jsonl",
]
