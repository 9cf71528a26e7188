"""Implementations put together in a folder: the reference up to a day, or with some regions replaced."""

from __future__ import annotations

import shutil
from pathlib import Path

from tiny_batch_kit.authors.coursecheck.layout import Layout
from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.course.cutter import cut_all, graft, regions


def reference_until(layout: Layout, day: int, folder: Path) -> Path:
    """The reference for the days up to and with `day`, the starter beyond; returns `folder`."""
    starter = cut_all(layout.reference, layout.course)
    solved = {module for each in layout.course.days if each.number <= day for module in each.modules}
    folder.mkdir(parents=True)
    for name, text in starter.items():
        source = (layout.reference / name).read_text(encoding="utf-8") if name in solved else text
        (folder / name).write_text(source, encoding="utf-8")
    return folder


def reference_with(layout: Layout, solution: Path, folder: Path) -> Path:
    """The reference with the regions that the file `solution` has; returns `folder`.

    Raises KitError if the file has no region, or one that the reference lacks, or changes nothing.
    """
    theirs = solution.read_text(encoding="utf-8")
    there = regions(theirs, layout.name(solution))
    shutil.copytree(layout.reference, folder, ignore=shutil.ignore_patterns("__pycache__"))
    sources = {path: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py"))}
    known = {(each.task, each.symbol) for path, source in sources.items() for each in regions(source, path.name)}
    for region in there:
        if (region.task, region.symbol) not in known:
            raise KitError(f"the reference has no region of task {region.task} in {region.symbol}")
    if not there:
        raise KitError("has no region `# task … begin`: only what stands in regions is used")
    grafted = {path: graft(source, theirs, layout.name(solution)) for path, source in sources.items()}
    if grafted == sources:
        raise KitError("is the reference word by word")
    for path, source in grafted.items():
        path.write_text(source, encoding="utf-8")
    return folder
