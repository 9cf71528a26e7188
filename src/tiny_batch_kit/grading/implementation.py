"""Implementations made up for a check: the reference with one task done otherwise, or with only some days done."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tiny_batch_kit.cutter import graft
from tiny_batch_kit.implementations import folder_of


@contextmanager
def grafted(other: Path) -> Iterator[Path]:
    """A folder with the reference, its regions replaced by those of the file `other`, for as long as the block runs."""
    text = other.read_text(encoding="utf-8")
    with TemporaryDirectory() as folder:
        for path in folder_of("ref").glob("*.py"):
            (Path(folder) / path.name).write_text(graft(path.read_text(encoding="utf-8"), text, str(other)))
        yield Path(folder)


@contextmanager
def mixed(from_reference: set[str]) -> Iterator[Path]:
    """A folder with the named modules of the reference and the starter's others, for as long as the block runs."""
    with TemporaryDirectory() as folder:
        for path in folder_of("mine").glob("*.py"):
            source = folder_of("ref") / path.name if path.name in from_reference else path
            shutil.copy(source, folder)
        yield Path(folder)
