"""The workloads of the comparison."""

from collections.abc import Callable
from typing import NamedTuple

from tiny_batch_kit.serving.workloads import Job, Lengths, all_at_once, chat_mix

ROWS = 16


def uniform() -> list[Job]:
    """16 requests at once, 64 tokens in and 32 out: the best case of any batching."""
    return all_at_once(16, prompts=Lengths.exactly(64), outputs=Lengths.exactly(32))


def chat() -> list[Job]:
    """32 requests at once, 15% of them with 384 to 640 tokens in, the others with 24 to 96; 8 to 64 out."""
    return chat_mix(32, long_share=0.15, short=Lengths(24, 96), long=Lengths(384, 640), outputs=Lengths(8, 64))


def late_long() -> list[Job]:
    """Six requests decode; at 3 s comes one with 1024 tokens in, and three short ones behind it."""
    first = [Job(f"r{index}", 0.0, 32, 96) for index in range(6)]
    late = [Job("r6", 3.0, 1024, 8), *(Job(f"r{index}", 3.0, 16, 16) for index in (7, 8, 9))]
    return first + late


def wide() -> list[Job]:
    """64 requests at once, 64 tokens in and 32 out: a batch so large that arithmetic is the limit, not memory."""
    return all_at_once(64, prompts=Lengths.exactly(64), outputs=Lengths.exactly(32))


class Yardstick(NamedTuple):
    """A workload, and how many of its requests run at once."""

    jobs: Callable[[], list[Job]]
    rows: int = ROWS


WORKLOADS = {
    "uniform": Yardstick(uniform),
    "chat": Yardstick(chat),
    "late-long": Yardstick(late_long),
    "wide": Yardstick(wide, rows=64),
}
