"""Assertions that speak to a student: what was asked, in which case, what came back, what was expected."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from tiny_batch_kit.grading.records import HOLE


class Mismatch(AssertionError):
    """A promise that was not kept, in the student's terms."""

    def __init__(self, asked: str, case: str, got: str, expected: str) -> None:
        super().__init__(f"{asked}\n  case:     {case}\n  got:      {_indent(got)}\n  expected: {_indent(expected)}")
        self.asked, self.case, self.got, self.expected = asked, case, got, expected


def expect_equal(got: object, expected: object, *, asked: str, case: str) -> None:
    """Fail unless `got` equals `expected`; arrays of MLX or numpy equal nested lists of their values."""
    if plain(got) != plain(expected):
        raise Mismatch(asked, case, show(got), show(expected))


def expect_close(got: Any, expected: float, *, asked: str, case: str, rel: float = 1e-6) -> None:
    """Fail unless the number `got` is within `rel` of `expected`."""
    value = plain(got)
    if not isinstance(value, int | float) or not math.isclose(value, expected, rel_tol=rel, abs_tol=1e-12):
        raise Mismatch(asked, case, show(got), show(expected))


def expect_true(condition: object, *, asked: str, case: str, got: str = "", expected: str = "") -> None:
    """Fail unless `condition` holds."""
    if not condition:
        raise Mismatch(asked, case, got or "it does not hold", expected or "it holds")


def expect_raises(
    error_type: type[BaseException], call: Callable[[], object], *, asked: str, case: str, mentions: Sequence[str] = ()
) -> None:
    """Fail unless `call` raises `error_type` with a message that contains each of `mentions`.

    Any other error passes through untouched, an unfilled hole among them.
    """
    try:
        result = call()
    except error_type as error:
        if isinstance(error, NotImplementedError) and error_type is not NotImplementedError and HOLE.match(str(error)):
            raise  # a hole is a RuntimeError too
        missing = [word for word in mentions if word not in str(error)]
        if not str(error).strip() or missing:
            wanted = f"a message that contains {', '.join(map(repr, missing))}" if missing else "a message"
            raise Mismatch(asked, case, f"{type(error).__name__}: {str(error) or '(no message)'}", wanted) from error
        return
    raise Mismatch(asked, case, f"no error, and {show(result)}", f"{error_type.__name__}")


def plain(value: Any) -> Any:
    """Arrays and tuples as nested lists, so that they compare with `==` to a number; the rest as it is."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


def show(value: Any) -> str:
    """A value as a student would write it; a matrix as a grid, with its shape; a tuple on one line; long ones cut."""
    if hasattr(value, "tolist") and hasattr(value, "shape") and value.shape != ():
        return f"shape {tuple(value.shape)}\n{_grid(value.tolist())}"
    if isinstance(value, tuple):  # several results at once, as the question names them: (answers, time)
        return _cut(f"({', '.join(repr(plain(item)) for item in value)})")
    value = plain(value)
    if isinstance(value, list) and value and all(isinstance(row, list) for row in value):
        return _grid(value)
    if isinstance(value, float):
        return f"{value:.10g}"
    return _cut(repr(value))


def _grid(rows: list[Any]) -> str:
    """Nested lists, one innermost list a line."""
    if not rows or not all(isinstance(row, list) for row in rows):
        return _cut(repr(rows))
    if rows[0] and isinstance(rows[0][0], list):
        return _cut("\n\n".join(_grid(row) for row in rows))
    cells = [[_cell(cell) for cell in row] for row in rows]
    width = max((len(cell) for row in cells for cell in row), default=0)
    return _cut("\n".join("[" + " ".join(cell.rjust(width) for cell in row) + "]" for row in cells))


def _cell(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _cut(text: str, limit: int = 1200) -> str:
    return text if len(text) <= limit else f"{text[:limit]} … ({len(text) - limit} characters more)"


def _indent(text: str) -> str:
    return text if "\n" not in text else "\n" + "\n".join(f"    {line}" for line in text.splitlines())
