"""Sitting the exam: answers one case after another, each in its time."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterable, Iterator
from typing import Any

from tiny_batch_kit.classroom.contain import WAITS
from tiny_batch_kit.classroom.exam.sheets import written


def sit(cases: Iterable[tuple[str, Any]], seconds: float) -> Iterator[str]:
    """The answers to cases (task, case), as JSON, each as soon as it is there.

    seconds: of the processor, for one case; of the clock, WAITS times as many. A task that ran out of them once is not
    asked again: if its code waits for what never comes, the other tasks keep their time. Takes over SIGALRM and
    SIGPROF, so it must be the main thread.
    """
    late = set[str]()

    def ring(number: int, frame: object) -> None:
        late.add(task)
        raise TimeoutError("no answer in time")

    signal.signal(signal.SIGALRM, ring)
    signal.signal(signal.SIGPROF, ring)
    for task, case in cases:
        if task in late:
            yield json.dumps({"raised": "TimeoutError", "said": "not asked: the task ran out of time before"})
            continue
        try:
            signal.setitimer(signal.ITIMER_REAL, WAITS * seconds)
            signal.setitimer(signal.ITIMER_PROF, seconds)
            given = written(task, case)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.setitimer(signal.ITIMER_REAL, 0)
        yield given
