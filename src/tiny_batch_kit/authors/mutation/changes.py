"""The changes that mutmut's operators make to what a student writes, one at a time."""

from __future__ import annotations

import difflib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tiny_batch_kit.authors.coursecheck.layout import Layout
from tiny_batch_kit.course.cutter import Region, regions
from tiny_batch_kit.course.syllabus import Day

if TYPE_CHECKING:
    from libcst import CSTNode, Module

ARROW = " → "


@dataclass(frozen=True)
class Change:
    """One change of the reference: of which task, file and function, the lines before → after, the new text."""

    task: str
    file: str
    symbol: str
    lines: str
    source: str

    @property
    def where(self) -> str:
        """`plan.py Scheduler.plan`."""
        return f"{self.file} {self.symbol}"

    def make(self, layout: Layout, folder: Path) -> Path:
        """Write the reference with this change into a folder; returns it."""
        shutil.copytree(layout.reference, folder, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / self.file).write_text(self.source, encoding="utf-8")
        return folder


def changes_of(layout: Layout, day: Day) -> list[Change]:
    """All changes of a day's regions, in order; each that reads the same is there once.

    Left alone are strings, annotations, and whatever stands in a `raise` or an `assert`: words to people. No value
    becomes None: that crashes at once, and says nothing of a test.
    """
    found: dict[tuple[str, str, str], Change] = {}
    for name in day.modules:
        source = (layout.reference / name).read_text(encoding="utf-8")
        for region, text in _mutated(source, regions(source, name)):
            change = Change(region.task, name, region.symbol, _difference(source, text), text)
            if text != source and _compiles(text):
                found.setdefault((change.where, change.lines, text), change)
    return list(found.values())


def _mutated(source: str, where: list[Region]) -> Iterator[tuple[Region, str]]:
    """Each mutation of a module inside regions: the region, and the module's new text."""
    from libcst import Annotation, Assert, Module, Raise
    from libcst.metadata import MetadataWrapper, ParentNodeProvider, PositionProvider
    from mutmut.mutation import mutators  # its ways to change a node of a tree

    wrapper = MetadataWrapper(_parse(source))
    parents = wrapper.resolve(ParentNodeProvider)

    def ancestors(node: CSTNode) -> Iterator[CSTNode]:
        while not isinstance(node, Module):
            yield node
            node = parents[node]

    for node, position in wrapper.resolve(PositionProvider).items():
        inside = (each for each in where if each.begin < position.start.line - 1 and position.end.line - 1 < each.end)
        region = next(inside, None)
        if region is None or any(isinstance(each, Annotation | Assert | Raise) for each in ancestors(node)):
            continue
        for kind, operator in mutators.mutation_operators:
            if isinstance(node, kind) and operator not in (mutators.operator_string, mutators.operator_assignment):
                for new in operator(node):
                    text = _replaced(wrapper.module, node, new)
                    if text.count("None") <= source.count("None"):
                        yield region, text


def _parse(source: str) -> Module:
    from libcst import parse_module

    return parse_module(source)


def _replaced(module: Module, node: CSTNode, new: CSTNode) -> str:
    changed = module.deep_replace(node, new)
    return str(getattr(changed, "code", ""))


def _compiles(text: str) -> bool:
    try:
        compile(text, "a change", "exec")
    except SyntaxError:
        return False
    return True


def _difference(before: str, after: str) -> str:
    """The lines that differ, on one line and without comments: `if left == 0: → if left != 0:`."""
    lines = [line.partition("  # ")[0] for line in difflib.ndiff(before.splitlines(), after.splitlines())]
    old, new = (" ".join(line[2:].strip() for line in lines if line.startswith(sign)) for sign in ("- ", "+ "))
    return f"{old}{ARROW}{new}"
