"""Which tests a large class can do without: those that take long, and see no known wrong solution that others don't."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tiny_batch_kit.grading.looks_like import Signatures


def needed(tests: Sequence[tuple[str, str, float]], signatures: Signatures) -> set[str]:
    """The names of those that stay, of some tests (name, task, seconds), of which several may have one name.

    Each wrong solution that fails one of the tests fails one that stays, and each task keeps one. The slowest test is
    the first to go.
    """
    seconds, tasks = dict[str, float](), dict[str, str]()
    for name, task, took in tests:
        seconds[name] = seconds.get(name, 0.0) + took
        tasks[name] = task
    seen_by: dict[str, list[str]] = {name: [task] for name, task in tasks.items()}
    for wrong, fails in signatures.items():
        for name in fails.keys() & seen_by.keys():
            seen_by[name].append(wrong)
    left = Counter(each for seen in seen_by.values() for each in seen)
    stay = set(seen_by)
    for name in sorted(seconds, key=lambda name: -seconds[name]):
        if all(left[each] > 1 for each in seen_by[name]):
            stay.remove(name)
            left.subtract(seen_by[name])
    return stay


def short(place: str) -> str:
    """`test_day_02.py::test_name`, without folders: a test's name in signatures."""
    return place.rsplit("/", 1)[-1]
