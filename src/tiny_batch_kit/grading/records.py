"""What is kept of a test run: one record a test."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any

HOLE = re.compile(r"Task (?P<task>\d+\.\d+)\b")


class Status(StrEnum):
    """How a test ended. HOLE: it met a task that isn't written yet; UNRUN: a test before it hangs."""

    PASSED = "passed"
    FAILED = "failed"
    HOLE = "hole"
    TIMEOUT = "timeout"
    SKIPPED = "skipped"
    UNRUN = "unrun"


@dataclass
class Record:
    """One test: its task, how it ended, and what to tell the student. `status` is None for one that never ended."""

    test: str
    task: str | None
    status: Status | None = None
    seconds: float = 0.0
    hole: str | None = None
    asked: str = ""
    case: str = ""
    got: str = ""
    expected: str = ""
    error: str = ""
    message: str = ""
    where: str = ""
    line: str = ""

    def to_json(self) -> dict[str, Any]:
        """All fields as plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Record:
        """The record that `to_json` wrote."""
        status = data.pop("status")
        return cls(**data, status=Status(status) if status else None)

    @property
    def fingerprint(self) -> str:
        """A few letters that stand for what the test got: two wrong solutions that fail alike may differ in them."""
        return sha256((self.got or f"{self.error}: {self.message}").encode()).hexdigest()[:8]

    @property
    def name(self) -> str:
        """`test_day_02.py::test_name`, without folders."""
        return self.test.rsplit("/", 1)[-1]
