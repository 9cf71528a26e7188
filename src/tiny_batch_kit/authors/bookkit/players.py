"""The players: traces that scripts/make_traces.py made of runs, and the scripts that show them."""

from __future__ import annotations

import re
from pathlib import Path

from tiny_batch_kit.authors.bookkit.problems import BookError
from tiny_batch_kit.timeline.player import embed


def render_player(root: Path, name: str) -> str:
    """The player with the traces book/traces/NAME.json. Raises BookError if there are none."""
    if not re.fullmatch(r"[a-z0-9-]+", name):
        raise BookError(f"The player is {name!r}: name traces in book/traces, such as {{{{#player day-02}}}}.")
    path = root / "book" / "traces" / f"{name}.json"
    if not path.is_file():
        raise BookError(f"There are no traces {path.name} in book/traces: run `python scripts/make_traces.py {name}`.")
    return embed(f"player-{name}", path.read_text(encoding="utf-8"))
