"""The exam: held-out cases for each task, drawn from a secret. A submission gets cases, and answers in plain data."""

from tiny_batch_kit.classroom.exam import (  # noqa: F401  (each registers its sheets)
    answers,
    attention,
    batching,
    bridge,
    calls,
    engine,
    first_days,
    fleet,
    guesses,
    guessing,
    life,
    measured,
    memory,
    pages,
    passes,
    routing,
    server,
    slots,
    steering,
    thread,
)
from tiny_batch_kit.classroom.exam.sheets import SHEETS, cases_of
from tiny_batch_kit.classroom.exam.sitting import sit

__all__ = ["SHEETS", "cases_of", "sit"]
