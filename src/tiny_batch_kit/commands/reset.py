"""Put a hole back: a task's functions, or a whole file, as in the starter. Your version is kept in a backup."""

from __future__ import annotations

import argparse
from pathlib import Path

from tiny_batch_kit.base.paths import RUN

HELP = "put the hole of a task back (your version is kept)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add which task or file."""
    parser.add_argument("task", nargs="?", metavar="TASK", help="such as 2.3")
    parser.add_argument("--file", metavar="NAME", help="a whole file instead, such as padding.py")


def run(args: argparse.Namespace) -> int:
    """Back up, then put back."""
    from tiny_batch_kit.base.console import console
    from tiny_batch_kit.base.errors import KitError
    from tiny_batch_kit.course.cutter import cut
    from tiny_batch_kit.course.implementations import folder_of
    from tiny_batch_kit.course.state import State
    from tiny_batch_kit.course.syllabus import load_course

    course = load_course()
    if (args.task is None) == (args.file is None):
        raise KitError("Name a task (reset 2.3) or a file (reset --file padding.py).")
    name = course.task(args.task).file if args.task else args.file
    reference = folder_of("ref") / name
    if not reference.exists() or Path(name).name != name:
        raise KitError(f"There is no {name} in the course. Files: {', '.join(_files(folder_of('ref')))}.")
    starter = cut(reference.read_text(encoding="utf-8"), name, course)
    target = folder_of("mine") / name
    # Bytes: line ends stay as they are, and a whole file can be put back that is no text at all.
    mine = target.read_bytes() if target.exists() else None
    new = put_back(_decoded(mine, name), starter, course.task(args.task).symbols, name) if args.task else starter
    if new.encode() == mine:
        console().print(f"{_what(args)} is already as in the starter.")
        return 0
    kept = f"Your version: {State().back_up([target]) / name}" if mine is not None else "You had no such file."
    target.write_bytes(new.encode())
    console().print(f"{_what(args)} is as in the starter again. {kept}", soft_wrap=True)
    return 0


def put_back(mine: str, starter: str, symbols: tuple[str, ...], name: str) -> str:
    """`mine` with the functions named in `symbols` as they are in `starter`; nothing else is touched.

    KitError if `mine` can't be parsed or lacks one of them.
    """
    import ast

    from tiny_batch_kit.base.errors import KitError
    from tiny_batch_kit.course.cutter import functions

    whole = _whole(name)
    for symbol in symbols:
        try:
            there = dict(functions(ast.parse(mine)))
        except SyntaxError as error:
            where = f"{name}:{error.lineno}" if error.lineno else name
            raise KitError(f"{where} can't be parsed ({error.msg}). {whole}") from error
        except ValueError as error:  # null bytes, before Python 3.11.4
            raise KitError(f"{name} can't be parsed ({error}). {whole}") from error
        if symbol not in there:
            raise KitError(f"{name} has no {symbol} any more. {whole}")
        fresh, old = dict(functions(ast.parse(starter)))[symbol], there[symbol]
        lines = mine.split("\n")  # not splitlines, which also splits at signs that are no line end for Python
        lines[_first(old) : old.end_lineno] = starter.split("\n")[_first(fresh) : fresh.end_lineno]
        mine = "\n".join(lines)
    return mine


def _whole(name: str) -> str:
    return f"To put back the whole file, which keeps a backup: {RUN} reset --file {name}"


def _decoded(mine: bytes | None, name: str) -> str:
    """The student's file as text. KitError if it is missing or no UTF-8."""
    from tiny_batch_kit.base.errors import KitError

    if mine is None:
        raise KitError(f"{name} is missing. To get the starter's: {RUN} reset --file {name}")
    try:
        return mine.decode()
    except UnicodeDecodeError as error:
        line = mine[: error.start].count(b"\n") + 1
        raise KitError(f"{name}:{line} is not UTF-8: save the file as UTF-8. {_whole(name)}") from error


def _first(node: object) -> int:
    """The line, from 0, at which a function begins, its decorators included."""
    decorators = [decorator.lineno for decorator in getattr(node, "decorator_list", [])]
    return int(min([getattr(node, "lineno", 1), *decorators])) - 1


def _files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.py") if path.name != "__init__.py")


def _what(args: argparse.Namespace) -> str:
    return f"Task {args.task}" if args.task else f"{args.file}"
