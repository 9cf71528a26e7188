"""What the course remembers of a student, in .course/: hints taken, solutions given up on, test results, backups."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tiny_batch_kit.base.paths import STATE


class State:
    """A few small dictionaries in .course/state.json; a missing or broken file is an empty one."""

    def __init__(self, folder: Path = STATE) -> None:
        self.folder = folder
        self._file = folder / "state.json"
        self._data = self._read()

    def hints(self, task: str) -> int:
        """How many hints of a task the student has seen."""
        return int(self._data.get("hints", {}).get(task, 0))

    def set_hints(self, task: str, count: int) -> None:
        """Remember how many hints of a task the student has seen."""
        self._data = self._read()
        self._data.setdefault("hints", {})[task] = count
        self._save()

    @property
    def given_up(self) -> list[str]:
        """The tasks whose solution the student asked for before passing."""
        return list(self._data.get("given_up", []))

    def give_up(self, task: str) -> None:
        """Remember that the student asked for a solution before passing."""
        self._data = self._read()
        self._data["given_up"] = sorted({*self.given_up, task})
        self._save()

    def results(self, key: str) -> dict[str, str] | None:
        """The statuses of the tasks recorded under `key`, which names the exact files that were tested."""
        found: dict[str, str] | None = self._data.get("results", {}).get(key)
        return found

    def record(self, key: str, statuses: dict[str, str]) -> None:
        """Record the statuses of tasks under `key`; only the latest 64 keys are kept."""
        self._data = self._read()
        results = {**self._data.get("results", {})}
        results[key] = {**results.pop(key, {}), **statuses}
        self._data["results"] = dict(list(results.items())[-64:])
        self._save()

    def back_up(self, files: Iterable[Path]) -> Path:
        """Copy files into a new folder of their own under .course/backups, and return it."""
        stamp = time.strftime("%Y-%m-%d-%H%M%S")
        for name in (stamp, *(f"{stamp}-{count}" for count in range(2, 1000))):
            folder = self.folder / "backups" / name
            if not folder.exists():
                break
        folder.mkdir(parents=True)
        for file in files:
            shutil.copy2(file, folder / file.name)
        return folder

    def _read(self) -> dict[str, Any]:
        """What is there now: each change begins with it, since `watch` and other commands write the same file."""
        try:
            data = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return data if isinstance(data, dict) else {}

    def _save(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        fresh = self._file.with_suffix(f".{os.getpid()}.tmp")
        fresh.write_text(json.dumps(self._data, indent=1), encoding="utf-8")
        os.replace(fresh, self._file)
