"""Whose code runs: the student's, the reference's, or any folder's, always under the name `tiny_batch`."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.base.paths import ROOT

PACKAGE = "tiny_batch"


class FreshLoader(SourceFileLoader):
    """Compiles a file anew at each import: Python's cache can't tell versions of one second and one size apart."""

    def get_code(self, fullname: str) -> CodeType:
        """The compiled text, as it is now."""
        return self.source_to_code(self.get_data(self.path), self.path)


class Finder(MetaPathFinder):
    """Serves the modules of `tiny_batch` from `folder`, and those named in `borrowed` from the reference."""

    def __init__(self, folder: Path, borrowed: frozenset[str] = frozenset()) -> None:
        self.folder = folder
        self._borrowed = borrowed

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Where `tiny_batch` or one of its modules is; None for all other names."""
        if fullname == PACKAGE:
            init = self.folder / "__init__.py"
            return self._spec(fullname, init, [str(self.folder)])
        package, _, module = fullname.partition(".")
        if package != PACKAGE:
            return None
        file = (folder_of("ref") if f"{module}.py" in self._borrowed else self.folder) / f"{module}.py"
        return self._spec(fullname, file) if file.exists() else None

    def _spec(self, fullname: str, file: Path, folders: list[str] | None = None) -> ModuleSpec | None:
        loader = FreshLoader(fullname, str(file))
        return importlib.util.spec_from_file_location(fullname, file, loader=loader, submodule_search_locations=folders)


def folder_of(which: str | Path) -> Path:
    """The folder behind "mine", "ref" or a path. KitError if it holds no implementation."""
    named = {"mine": ROOT / "src" / "tiny_batch", "ref": ROOT / "src" / "tiny_batch_ref"}
    folder = named.get(str(which), Path(which)).resolve()
    if not (folder / "__init__.py").exists():
        raise KitError(f"{folder} holds no implementation: give a folder like src/tiny_batch, with an __init__.py.")
    return folder


def refuse_if_imported() -> None:
    """KitError if `tiny_batch` is imported in this process, or was before its fork: then no other can be served."""
    if any(name == PACKAGE or name.startswith(f"{PACKAGE}.") for name in sys.modules):
        raise KitError(f"{PACKAGE} is imported already: choose the implementation before.")


def install(which: str | Path, *, borrow_before: int | None = None) -> None:
    """Serve `tiny_batch` from "mine", "ref" or a folder; must come before `tiny_batch` is first imported.

    borrow_before: modules of the days before this one come from the reference all the same.
    """
    refuse_if_imported()
    borrowed: frozenset[str] = frozenset()
    if borrow_before is not None:
        from tiny_batch_kit.course.syllabus import load_course

        earlier = [day for day in load_course().days if day.number < borrow_before]
        borrowed = frozenset(module for day in earlier for module in day.modules)
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, Finder)]
    sys.meta_path.insert(0, Finder(folder_of(which), borrowed))


def load(module: str) -> ModuleType:
    """The module `tiny_batch.<module>` of the implementation that is installed."""
    return importlib.import_module(f"{PACKAGE}.{module}")
