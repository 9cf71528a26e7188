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
