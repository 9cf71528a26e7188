"""course.toml as objects: the days, their tasks, and the hints."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.base.paths import ROOT


@dataclass(frozen=True)
class Task:
    """One exercise: what a student writes, where, and the three hints."""

    id: str
    title: str
    file: str
    symbols: tuple[str, ...]
    asks: str
    red: str
    hints: tuple[str, ...]
    points: float = 1.0
    """What it is worth to who grades a class."""

    @property
    def number(self) -> int:
        """The number within its day: 3 for Task 2.3."""
        return int(self.id.split(".")[1])


@dataclass(frozen=True)
class Day:
    """One day: a chapter, one or more modules, one file of tests."""

    number: int
    week: int
    title: str
    summary: str
    chapter: str
    modules: tuple[str, ...]
    tests: str
    ready: bool
    tasks: tuple[Task, ...] = ()

    def task(self, which: str) -> Task:
        """The task named `3` or `2.3`. KitError for one that this day does not have."""
        wanted = which if "." in which else f"{self.number}.{which}"
        for task in self.tasks:
            if task.id == wanted:
                return task
        have = ", ".join(task.id for task in self.tasks) or "none yet"
        raise KitError(f"Day {self.number} has no task {wanted}. It has: {have}.")


@dataclass(frozen=True)
class Course:
    """The whole syllabus."""

    title: str
    days: tuple[Day, ...]

    @property
    def ready(self) -> tuple[Day, ...]:
        """The days that are finished, in order."""
        return tuple(day for day in self.days if day.ready)

    def day(self, number: int) -> Day:
        """Day `number`. KitError if there is none."""
        for day in self.days:
            if day.number == number:
                return day
        raise KitError(f"There is no day {number}. Days are numbered {self.days[0].number} to {self.days[-1].number}.")

    def ready_day(self, number: int) -> Day:
        """Day `number`, if it is finished; KitError otherwise."""
        day = self.day(number)
        if not day.ready:
            have = ", ".join(str(each.number) for each in self.ready)
            raise KitError(f"Day {number}, {day.title}, is still to come. Days that are ready: {have}.")
        return day

    def day_of(self, task_id: str) -> Day:
        """The day that has the task `task_id`, such as 2.3. KitError if there is no such task."""
        number = task_id.split(".")[0]
        if "." not in task_id or not number.isdigit():
            raise KitError(f"{task_id!r} is no task: name one like 2.3, the third task of Day 2.")
        day = self.ready_day(int(number))
        day.task(task_id)
        return day

    def task(self, task_id: str) -> Task:
        """The task `task_id`, such as 2.3. KitError if there is none."""
        return self.day_of(task_id).task(task_id)


def load_course(path: Path | None = None) -> Course:
    """Read course.toml (of this checkout if None). KitError if it is missing, broken or lacks a field."""
    path = path or ROOT / "course.toml"
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        why = f"{path} can't be read ({error.strerror})"
        raise KitError(f"{why}: run the commands in a checkout of the course.") from error
    except tomllib.TOMLDecodeError as error:
        raise KitError(f"{path} is not valid TOML: {error}.") from error
    try:
        return Course(data["title"], tuple(_day(day) for day in data["days"]))
    except (KeyError, TypeError) as error:
        raise KitError(f"{path} lacks or misnames a field: {error}.") from error


def _day(data: dict[str, Any]) -> Day:
    tasks = tuple(
        Task(**{**task, "symbols": tuple(task["symbols"]), "hints": tuple(task["hints"])})
        for task in data.get("tasks", [])
    )
    return Day(**{**data, "modules": tuple(data["modules"]), "tasks": tasks})
