"""The changes that no test can notice: tests/mutants/equivalent.toml says why, one line each."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path

from tiny_batch_kit.authors.mutation.changes import Change
from tiny_batch_kit.base.errors import KitError

Equivalent = dict[str, dict[str, str]]
"""{`plan.py Scheduler.plan`: {`old line → new line`: why nothing changes}}"""


def read_equivalent(file: Path) -> Equivalent:
    """The recorded changes; none if there is no file. KitError for one without a reason."""
    if not file.exists():
        return {}
    recorded: Equivalent = tomllib.loads(file.read_text(encoding="utf-8"))
    for where, changes in recorded.items():
        for change, why in changes.items():
            if not why.strip():
                raise KitError(f"{file.name}: {where}: {change}: say why no test can notice it")
    return recorded


def as_toml(changes: Iterable[Change]) -> str:
    """Changes as lines for the file; the reasons have to be written."""
    lines: list[str] = []
    where = ""
    for change in changes:
        if change.where != where:
            where = change.where
            lines += ["", f'["{where}"]']
        lines.append(f'{_quoted(change.lines)} = ""')
    return "\n".join(lines).strip()


def _quoted(text: str) -> str:
    if "'" not in text:
        return f"'{text}'"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
