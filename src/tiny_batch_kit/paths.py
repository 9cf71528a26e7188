"""Where things are: the checkout, what the course remembers, what it makes for the student."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The checkout: the folder that holds course.toml."""

STATE = ROOT / ".course"
"""What the course remembers of a student: results, hints taken, backups. Never committed."""

OUT = ROOT / "out"
"""What the commands make for the student: pages, pictures, JSON. Never committed."""
