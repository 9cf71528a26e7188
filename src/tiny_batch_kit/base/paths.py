"""Where things are: the checkout, what the course remembers, what it makes for the student."""

import os
from pathlib import Path

ROOT = Path(os.environ.get("TINY_BATCH_ROOT") or Path(__file__).parents[3]).resolve()
"""The checkout: the folder that holds course.toml. TINY_BATCH_ROOT names another, as the tests of the commands do."""

RUN = os.environ.get("TINY_BATCH_RUN") or "pdm run"
"""How this student starts a command, as messages tell it: ./scripts/course says so of itself."""

STATE = ROOT / ".course"
"""What the course remembers of a student: results, hints taken, backups. Never committed."""

OUT = ROOT / "out"
"""What the commands make for the student: pages, pictures, JSON. Never committed."""
