"""Where the parts of a course lie, under the root of a checkout."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tiny_batch_kit.course.syllabus import Course, Day, load_course


@dataclass(frozen=True)
class Layout:
    """A course and its folders."""

    root: Path
    course: Course
    only: frozenset[int] = frozenset()
    """The numbers of the days to look at, where a check goes day by day; all if empty."""

    @classmethod
    def of(cls, root: Path, only: Iterable[int] = ()) -> Layout:
        """The course under `root`. KitError if its course.toml can't be read."""
        return cls(root, load_course(root / "course.toml"), frozenset(only))

    @property
    def days(self) -> list[Day]:
        """The finished days to look at."""
        return [day for day in self.course.ready if not self.only or day.number in self.only]

    @property
    def reference(self) -> Path:
        """The folder of the reference."""
        return self.root / "src" / "tiny_batch_ref"

    @property
    def starter(self) -> Path:
        """The folder of the starter."""
        return self.root / "src" / "tiny_batch"

    @property
    def chapters(self) -> Path:
        """The folder of the book's pages."""
        return self.root / "book" / "src"

    @property
    def signatures(self) -> Path:
        """The file of the tests that each wrong solution fails."""
        return self.root / "tests" / "mutants" / "signatures.json"

    def wrong(self, day: Day) -> list[Path]:
        """The files of a day's wrong solutions."""
        return sorted((self.root / "tests" / "mutants" / folder_of(day)).glob("*.py"))

    def alternatives(self, day: Day) -> list[Path]:
        """The files of a day's other right solutions."""
        return sorted((self.root / "tests" / "alternatives" / folder_of(day)).glob("*.py"))

    def name(self, path: Path) -> str:
        """A path as seen from the checkout."""
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else str(path)


@dataclass(frozen=True)
class Test:
    """A test function of a day's file: its name, line, and the tasks that it is marked with."""

    __test__ = False  # not a class of tests, whatever its name says to pytest

    name: str
    line: int
    tasks: tuple[str, ...]


def folder_of(day: Day) -> str:
    """`day_02`, as folders of solutions are called."""
    return f"day_{day.number:02}"


def tests_of(source: str) -> list[Test]:
    """The test functions of a file, also those in classes, with the ids in their `@pytest.mark.task(...)`."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            marks = tuple(mark for each in node.decorator_list if (mark := _task_mark(each)) is not None)
            found.append(Test(node.name, node.lineno, marks))
    return found


def _task_mark(decorator: ast.expr) -> str | None:
    """The id in `@pytest.mark.task("2.1")`; None for another decorator."""
    if not isinstance(decorator, ast.Call) or not ast.unparse(decorator.func).endswith("mark.task"):
        return None
    first = decorator.args[0] if decorator.args else None
    return str(first.value) if isinstance(first, ast.Constant) else ""
