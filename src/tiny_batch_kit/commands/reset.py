"""Put a hole back: a task's functions, or a whole file, as in the starter. Your version is kept in a backup."""

from __future__ import annotations

import argparse
from pathlib import Path

HELP = "put the hole of a task back (your version is kept)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add which task or file."""
    parser.add_argument("task", nargs="?", metavar="TASK", help="such as 2.3")
    parser.add_argument("--file", metavar="NAME", help="a whole file instead, such as padding.py")


def run(args: argparse.Namespace) -> int:
    """Back up, then put back."""
    from tiny_batch_kit.console import console
    from tiny_batch_kit.course import load_course
    from tiny_batch_kit.cutter import cut
    from tiny_batch_kit.errors import KitError
    from tiny_batch_kit.implementations import folder_of
    from tiny_batch_kit.state import State

    course = load_course()
    if (args.task is None) == (args.file is None):
        raise KitError("Name a task (reset 2.3) or a file (reset --file padding.py).")
    name = course.task(args.task).file if args.task else args.file
    reference = folder_of("ref") / name
    if not reference.exists() or Path(name).name != name:
        raise KitError(f"There is no {name} in the course. Files: {', '.join(_files(folder_of('ref')))}.")
    starter = cut(reference.read_text(encoding="utf-8"), name, course)
    target = folder_of("mine") / name
    mine = target.read_text(encoding="utf-8") if target.exists() else ""
    new = put_back(mine, starter, course.task(args.task).symbols, name) if args.task else starter

    if new == mine:
        console().print(f"{_what(args)} is as in the starter already.")
        return 0
    backup = State().back_up([target] if target.exists() else [])
    target.write_text(new, encoding="utf-8")
    console().print(f"{_what(args)} is as in the starter again. Your version: {backup / name}")
    return 0


def put_back(mine: str, starter: str, symbols: tuple[str, ...], name: str) -> str:
    """`mine` with the functions named in `symbols` as they are in `starter`; nothing else is touched.

    KitError if `mine` can't be parsed or lacks one of them.
    """
    import ast

    from tiny_batch_kit.cutter import functions
    from tiny_batch_kit.errors import KitError

    whole = f"To put back the whole file, which keeps a backup: pdm run reset --file {name}"
    for symbol in symbols:
        try:
            there = dict(functions(ast.parse(mine)))
        except SyntaxError as error:
            raise KitError(f"{name}:{error.lineno} can't be parsed ({error.msg}). {whole}") from error
        if symbol not in there:
            raise KitError(f"{name} has no {symbol} any more. {whole}")
        fresh, old = dict(functions(ast.parse(starter)))[symbol], there[symbol]
        lines = mine.splitlines()
        lines[_first(old) : old.end_lineno] = starter.splitlines()[_first(fresh) : fresh.end_lineno]
        mine = "\n".join(lines) + "\n"
    return mine


def _first(node: object) -> int:
    """The line, from 0, at which a function begins, its decorators included."""
    decorators = [decorator.lineno for decorator in getattr(node, "decorator_list", [])]
    return int(min([getattr(node, "lineno", 1), *decorators])) - 1


def _files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.py") if path.name != "__init__.py")


def _what(args: argparse.Namespace) -> str:
    return f"Task {args.task}" if args.task else f"{args.file}"
