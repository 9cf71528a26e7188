"""Which way modules depend on each other: days on earlier days, both on the kit, the kit on neither."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tiny_batch_kit.authors.coursecheck.layout import Layout
from tiny_batch_kit.authors.coursecheck.problems import Findings

SOLUTIONS = ("tiny_batch", "tiny_batch_ref")


def check_imports(layout: Layout, found: Findings) -> None:
    """Add what depends the wrong way."""
    day_of = {module.removesuffix(".py"): day.number for day in layout.course.days for module in day.modules}
    for path in sorted(layout.reference.glob("*.py")):
        mine = day_of.get(path.stem)
        for line, name in _imported(path):
            where = f"{layout.name(path)}:{line}"
            sibling = name[1:].split(".")[0] if name.startswith(".") else ""
            if name.split(".")[0] in SOLUTIONS:
                found.add(where, "import siblings relatively, as in `from .padding import left_pad`")
            elif mine is not None and day_of.get(sibling, 0) > mine:
                found.add(where, f"a module of Day {mine} imports {sibling}, of Day {day_of[sibling]}: a later day")
    for path in sorted((layout.root / "src" / "tiny_batch_kit").rglob("*.py")):
        for line, name in _imported(path):
            if name.split(".")[0] in SOLUTIONS:
                found.add(f"{layout.name(path)}:{line}", f"the kit imports {name}: use course.implementations")


def _imported(path: Path) -> Iterator[tuple[int, str]]:
    """(line, name) of each import of a file; a relative one begins with a dot."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.module is None:
                yield from ((node.lineno, "." * node.level + alias.name) for alias in node.names)
            else:
                yield node.lineno, "." * node.level + node.module
