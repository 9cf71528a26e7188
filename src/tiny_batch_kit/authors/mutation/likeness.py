"""How often a red test would name the right wrong solution, none, or one of another function."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from tiny_batch_kit.authors.coursecheck.layout import Layout
from tiny_batch_kit.authors.mutation.runs import Tried


def report_likeness(layout: Layout, console: Console, tried: Sequence[Tried]) -> None:
    """Print how often a red test is said to look like a wrong solution of the same function, of another, or of none."""
