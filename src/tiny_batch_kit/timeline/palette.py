"""Colours that every picture of the course shares, and what makes an SVG fit into a light or a dark page."""

import hashlib
from collections.abc import Sequence

# Okabe and Ito, "Color Universal Design" (2008), without black; ordered so that neighbours differ in lightness too.
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442")
# What can be read on each of them: a contrast of 4.5 or more.
ON_PALETTE = ("#FFFFFF", "#000000", "#000000", "#000000", "#000000", "#000000", "#000000")

# Ink and paper come from the page (--tb-ink, or mdBook's --fg and --bg); a picture on its own follows the system.
THEME = (
    "#{id}{{max-width:100%;height:auto;color:var(--tb-ink,var(--fg,#17181c));"
    "--paper:var(--tb-paper,var(--bg,#fff));overflow:visible}}"
    "@media (prefers-color-scheme:dark){{#{id}{{color:var(--tb-ink,var(--fg,#e6e7ea));"
    "--paper:var(--tb-paper,var(--bg,#17181c))}}}}"
)


def svg_id(content: str) -> str:
    """Return an id for a picture that depends on its content alone, so that two in one page don't collide."""
    return "tb-" + hashlib.sha256(content.encode("utf-8", "replace")).hexdigest()[:8]


def colour_of(requests: Sequence[str]) -> dict[str, int]:
    """Return each request's place in `PALETTE`, by its order; the colours repeat after the last."""
    return {request: index % len(PALETTE) for index, request in enumerate(requests)}
