"""The regions of the reference: cut out, they make the starter; replaced, they make a wrong solution to test with."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.course.syllabus import Course

_MARKER = re.compile(r"^(?P<indent>\s*)# task (?P<task>\S+) (?P<side>begin|end)\s*$")


@dataclass(frozen=True)
class Region:
    """The answer to a task in one function: the lines between two markers, in lines `begin` and `end` (from 0)."""

    task: str
    symbol: str
    begin: int
    end: int
    indent: str


def regions(source: str, name: str) -> list[Region]:
    """The regions of a module, in order. KitError, with `name` and line, for a marker that is out of order."""
    found: list[Region] = []
    opened: tuple[int, re.Match[str]] | None = None
    for number, line in enumerate(source.splitlines()):
        marker = _MARKER.match(line)
        if marker is None:
            continue
        where = f"{name}:{number + 1}"
        if marker["side"] == "begin":
            if opened is not None:
                raise KitError(f"{where}: task {marker['task']} begins inside task {opened[1]['task']}.")
            opened = number, marker
            continue
        if opened is None or opened[1]["task"] != marker["task"]:
            raise KitError(f"{where}: task {marker['task']} ends, but did not begin.")
        symbol = _symbol_at(source, opened[0] + 1, name)
        found.append(Region(marker["task"], symbol, opened[0], number, opened[1]["indent"]))
        opened = None
    if opened is not None:
        raise KitError(f"{name}:{opened[0] + 1}: task {opened[1]['task']} begins and never ends.")
    return found


def cut(source: str, name: str, course: Course) -> str:
    """The starter of a module of the reference: each region replaced by the error that names its task."""
    lines = source.splitlines()
    for region in reversed(regions(source, name)):
        where = f"{name}:{region.begin + 1}"
        try:
            day = course.day_of(region.task)
        except KitError as error:
            raise KitError(f"{where}: task {region.task} is not in course.toml. {error}") from error
        if region.symbol not in day.task(region.task).symbols:
            raise KitError(f"{where}: course.toml does not name {region.symbol} for task {region.task}.")
        hole = f"Task {region.task}: {region.symbol}: see book/src/{day.chapter}"
        lines[region.begin : region.end + 1] = [f'{region.indent}raise NotImplementedError("{hole}")']
    return "\n".join(lines) + "\n"


def cut_all(reference: Path, course: Course) -> dict[str, str]:
    """The whole starter: {file name: text}."""
    return {
        path.name: cut(path.read_text(encoding="utf-8"), path.name, course) for path in sorted(reference.glob("*.py"))
    }


def graft(source: str, other: str, name: str) -> str:
    """`source` with its regions replaced by those that `other` has for the same task and function."""
    theirs = other.splitlines()
    replacements = {
        (region.task, region.symbol): theirs[region.begin : region.end + 1] for region in regions(other, name)
    }
    lines = source.splitlines()
    for region in reversed(regions(source, name)):
        new = replacements.get((region.task, region.symbol))
        if new is not None:
            lines[region.begin : region.end + 1] = new
    return "\n".join(lines) + "\n"


def functions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """All functions and methods of a module by their dotted name, functions inside functions left out."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            yield from functions(node, f"{prefix}{node.name}.")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{prefix}{node.name}", node


def _symbol_at(source: str, line: int, name: str) -> str:
    """The function or method that `line` (from 1) stands in."""
    for symbol, begin, end in _lines(source):
        # A comment at the end of a body lies behind the last statement, so what counts is where the function begins.
        if begin <= line <= end:
            return symbol
    raise KitError(f"{name}:{line}: a task must stand inside a function.")


@lru_cache(maxsize=64)  # the same few modules are asked for each of their regions, and again for each wrong solution
def _lines(source: str) -> list[tuple[str, int, int]]:
    """(name, first line, last line) of each function of a module, from 1."""
    return [(symbol, node.lineno, node.end_lineno or node.lineno) for symbol, node in functions(ast.parse(source))]
