"""Held-out questions: how their cases are drawn, and how a submission answers one, in plain data."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256
from random import Random
from typing import Any

Case = dict[str, Any]
Draw = Callable[[Random], Case]
Answer = Callable[[Case], Any]


@dataclass(frozen=True)
class Sheet:
    """The questions on one task: `count` cases, each drawn by `draw`, and how code answers one."""

    task: str
    draw: Draw
    answer: Answer
    count: int


SHEETS: dict[str, Sheet] = {}
"""By task."""


def sheet(task: str, draw: Draw, count: int = 6) -> Callable[[Answer], Answer]:
    """Register the function below it as the way to answer the cases of a task."""

    def register(answer: Answer) -> Answer:
        SHEETS[task] = Sheet(task, draw, answer, count)
        return answer

    return register


def cases_of(task: str, secret: str) -> list[Case]:
    """The cases of a task that belong to a secret: another secret, other cases."""
    seed = int.from_bytes(sha256(f"{secret}\0{task}".encode()).digest(), "big")
    random = Random(seed)
    one = SHEETS[task]
    return [one.draw(random) for _ in range(one.count)]


def told(call: Callable[..., Any], *given: Any) -> Any:
    """What a call returns, or "refused" for a ValueError: so that a case can go on after one."""
    try:
        return call(*given)
    except ValueError:
        return "refused"


def written(task: str, case: Case) -> str:
    """The answer to a case as JSON: {"is": …}, or {"raised": the error's type} or {"hole": …}; never an error."""
    try:
        return json.dumps({"is": plain(SHEETS[task].answer(case))})
    except NotImplementedError as error:
        return json.dumps({"hole": str(error)[:200]})
    except BaseException as error:
        kind = "ValueError" if isinstance(error, ValueError) else type(error).__name__
        return json.dumps({"raised": str(kind)[:80], "said": str(error)[:300]})


def plain(value: Any, depth: int = 0) -> Any:
    """Data of Python's own types. What merely behaves like them is no answer: it could be equal to everything."""
    kind = type(value)
    if depth > 20:
        raise TypeError("an answer that is nested too deep")
    if value is None or kind in (bool, int, float, str):
        return value
    if kind in (list, tuple):
        return [plain(item, depth + 1) for item in value]
    if kind is dict:
        return {str(plain(key)): plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, Enum):
        return plain(value.value)
    if kind.__module__ in ("mlx.core", "numpy") and kind.__name__ in ("array", "ndarray"):
        return plain(value.tolist())
    if kind.__module__ == "numpy" and hasattr(value, "item"):
        return plain(value.item())
    raise TypeError(f"an answer of type {kind.__name__} is no plain data")
