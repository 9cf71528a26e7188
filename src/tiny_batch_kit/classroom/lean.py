"""Which tests a large class can do without: those that take long, and see no known wrong solution that others don't."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tiny_batch_kit.grading.looks_like import Signatures
from tiny_batch_kit.grading.records import Record


def needed(tests: Sequence[Record], signatures: Signatures) -> set[str]:
    """Which of some tests stay, by their `test`: the records tell their tasks and how long they take.

    Each wrong solution that fails one of the tests fails one that stays, and each task keeps one. The slowest test is
    the first to go.
    """
    seen_by: dict[str, list[str | None]] = {record.name: [record.task] for record in tests}
    for wrong, fails in signatures.items():
        for name in fails.keys() & seen_by.keys():
            seen_by[name].append(wrong)
    left = Counter(each for seen in seen_by.values() for each in seen)
    stay = {record.test for record in tests}
    for record in sorted(tests, key=lambda record: -record.seconds):
        if all(left[each] > 1 for each in seen_by[record.name]):
            stay.remove(record.test)
            left.subtract(seen_by[record.name])
    return stay
