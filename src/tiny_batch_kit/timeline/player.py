"""What the player needs in a page: its style, its scripts, and the data, as HTML that needs nothing else."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tiny_batch_kit.timeline.palette import ON_PALETTE, PALETTE

FOLDER = Path(__file__).with_name("player")
CHAPTER = ("decode", "words", "draw", "gauges", "predict", "player")
STORY = ("decode", "words", "draw", "story")


def style() -> str:
    """Return the player's CSS, with the palette's colours first."""
    colours = "".join(
        f".tb-r{place}{{fill:{ground}}}.tb-stage .tb-on{place}{{fill:{ink}}}"
        f".tb-c{place}{{background:{ground};color:{ink}}}\n"
        for place, (ground, ink) in enumerate(zip(PALETTE, ON_PALETTE, strict=True))
    )
    return colours + (FOLDER / "player.css").read_text(encoding="utf-8")


def scripts(names: Sequence[str]) -> str:
    """Return the scripts with these names, one behind the other."""
    return "".join((FOLDER / f"{name}.js").read_text(encoding="utf-8") for name in names)


def data(text: str) -> str:
    """Return JSON as it may stand inside of a <script>: no end of one can begin in it."""
    return text.replace("<", "\\u003c")


def embed(name: str, trace: str, names: Sequence[str] = CHAPTER) -> str:
    """Return a player's place in a page. Hidden until its script runs; trace: JSON.

    No line of it is empty, so that it can stand in Markdown: each of its parts ends where its tag does.
    """
    parts = [
        f"<style>\n{style()}</style>",
        f'<div class="tb-player" data-trace="{name}" hidden></div>',
        f'<script type="application/json" id="{name}">{data(trace.strip())}</script>',
        f"<script>\n{scripts(names)}</script>",
    ]
    return "\n\n".join("\n".join(line for line in part.splitlines() if line.strip()) for part in parts)


def dump(value: Mapping[str, Any]) -> str:
    """Return JSON in as few characters as it takes."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
