"""The terminal that all commands print to."""

from __future__ import annotations

import sys
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


@cache
def console() -> Console:
    """The one console: no colour when NO_COLOR is set or the output is no terminal; 100 columns wide in a log."""
    from rich.console import Console

    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # a log in plain ASCII shows ? for a sign that it lacks
    made = Console(highlight=False)
    if not made.is_terminal:
        made = Console(highlight=False, width=100)
    return made


class TaskProgress:
    """A bar on a terminal; elsewhere a line for each new message."""

    def __init__(self, out: Console) -> None:
        """out: where it is drawn."""
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        self._out = out
        self._last = ""
        columns = (SpinnerColumn(), BarColumn(24), TimeElapsedColumn(), TextColumn("{task.description}"))
        # Drawn twice a second: what is measured runs on the same cores.
        self._bar = Progress(*columns, console=out, transient=True, refresh_per_second=2)
        self._task = self._bar.add_task("", total=None)

    def __enter__(self) -> TaskProgress:
        if self._out.is_terminal:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def __call__(self, message: str, fraction: float | None = None, /) -> None:
        """Show `message`; `fraction` of the whole, 0 to 1, is done."""
        if self._out.is_terminal:
            self._bar.update(self._task, description=message)
            if fraction is not None:
                self._bar.update(self._task, total=1.0, completed=fraction)
        elif message != self._last:
            self._out.print(f"{message} …", highlight=False, markup=False)
        self._last = message


def cell(value: object) -> str:
    """Return a table cell: a float with the three digits that count, a whole number with its thousands apart."""
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "–"}[value]
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:#.3g}".rstrip(".")
    return f"{value:,}" if isinstance(value, int) else str(value)
