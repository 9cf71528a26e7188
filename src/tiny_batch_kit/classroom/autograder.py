"""The zip that Gradescope's autograder is made from: it holds the course, and the secret."""

from __future__ import annotations

import zipfile
from pathlib import Path

from tiny_batch_kit.base.paths import ROOT

SETUP = """#!/usr/bin/env bash
set -euo pipefail
apt-get update && apt-get install -y --no-install-recommends bubblewrap g++ libc6-dev python3-venv git
cd /autograder/source/course && ./scripts/course --help
"""
RUN = """#!/usr/bin/env bash
set -euo pipefail
cd /autograder/source/course
export TINY_BATCH_SECRET="$(cat /autograder/source/secret)"
./scripts/course grade{days} --out /tmp/report --gradescope /autograder/results/results.json /autograder/submission
"""
_PARTS = ("src", "tests", "scripts", "book/src", "course.toml", "pyproject.toml", "pdm.lock", "README.md")


def make(file: Path, secret: str, days: list[int]) -> None:
    """Write the zip."""
    options = "".join(f" --day {day}" for day in days)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (("setup.sh", SETUP), ("run_autograder", RUN.format(days=options)), ("secret", secret)):
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o755 << 16
            archive.writestr(entry, text)
        for part in _PARTS:
            for path in sorted((ROOT / part).rglob("*")) if (ROOT / part).is_dir() else [ROOT / part]:
                if path.is_file() and "__pycache__" not in path.parts:
                    archive.write(path, f"course/{path.relative_to(ROOT).as_posix()}")
