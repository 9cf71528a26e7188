"""Groups of timelines in a folder: those that one demo or one experiment made belong together."""

import re
from collections.abc import Sequence
from pathlib import Path

from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.base.paths import RUN
from tiny_batch_kit.timeline.events import Timeline, write_jsonl

_NAME = re.compile(r"(?P<group>demo|day-\d\d)-\d\d?-[a-z0-9-]+\.jsonl")


def save_group(timelines: Sequence[Timeline], group: str, folder: Path) -> list[Path]:
    """Write `timelines` as GROUP-1-label.jsonl, GROUP-2-… in place of the group's earlier files; return the paths."""
    for old in _files(folder):
        if _group(old) == group:
            old.unlink()
    return [
        write_jsonl(timeline, folder / f"{group}-{number}-{_slug(timeline.label)}.jsonl")
        for number, timeline in enumerate(timelines, start=1)
    ]


def last_group(folder: Path) -> list[Path]:
    """Return the files of the group that was written last; KitError when there is none."""
    files = _files(folder)
    if not files:
        raise KitError(
            f"There is no timeline in {folder} yet. Make one with `{RUN} demo`, or name a file: `{RUN} viz FILE.jsonl`."
        )
    newest = max(files, key=lambda path: path.stat().st_mtime)
    return [path for path in files if _group(path) == _group(newest)]


def _files(folder: Path) -> list[Path]:
    return sorted((p for p in folder.glob("*.jsonl") if _NAME.fullmatch(p.name)), key=_order)


def _order(path: Path) -> tuple[str, int]:
    group = _group(path)
    return group, int(path.name[len(group) + 1 :].split("-")[0])


def _group(path: Path) -> str:
    match = _NAME.fullmatch(path.name)
    return match["group"] if match else ""


def _slug(label: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")[:40].strip("-") or "timeline"
