"""What a submission's text tells before it runs: what reaches for the judge, and what is copied."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from tiny_batch_kit.base.syntax import parse
from tiny_batch_kit.course.cutter import functions
from tiny_batch_kit.course.syllabus import Course

LARGE = 45
"""Only functions of so many nodes are compared: small ones are alike by necessity."""

_MODULES = {
    "_pytest", "pytest", "pluggy", "atexit", "ctypes", "gc", "tiny_batch_ref", "builtins", "importlib", "subprocess",
    "multiprocessing", "signal", "socket", "unittest",
}  # fmt: skip
_NAMES = {"exec", "eval", "__import__", "__builtins__", "globals"}
_ATTRIBUTES = {
    "_exit", "modules", "_getframe", "settrace", "setprofile", "meta_path", "f_back", "f_locals", "f_globals",
    "tb_frame", "__subclasses__", "__globals__", "__code__", "__closure__", "register_at_fork", "kill", "fork",
}  # fmt: skip


def reaching(files: Mapping[str, bytes]) -> list[str]:
    """Every place where a submission reaches for what no task needs: the judge, other processes, the interpreter."""
    found: list[str] = []
    for name, data in sorted(files.items()):
        tree = _tree(data)
        if tree is not None:
            found += [f"{name}:{line}: {what}" for line, what in sorted(set(_reaches(tree)))]
    return found


def _reaches(tree: ast.AST) -> Iterator[tuple[int, str]]:
    imported: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            base = node.module or "" if isinstance(node, ast.ImportFrom) else ""
            if isinstance(node, ast.Import):
                imported |= {each.asname or each.name.split(".")[0] for each in node.names}
            for each in [base] if base else [alias.name for alias in node.names]:
                if each.split(".")[0] in _MODULES or each.startswith("tiny_batch_kit.grading"):
                    yield node.lineno, f"imports {each}"
        elif isinstance(node, ast.Name) and node.id in _NAMES:
            yield node.lineno, f"uses {node.id}"
        elif isinstance(node, ast.Attribute) and node.attr in _ATTRIBUTES:
            yield node.lineno, f"uses .{node.attr}"
    for node in ast.walk(tree):
        for target in node.targets if isinstance(node, ast.Assign) else ():
            if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id in imported:
                yield target.lineno, f"changes {target.value.id}.{target.attr}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "setattr":
            changed = node.args[0].id if node.args and isinstance(node.args[0], ast.Name) else ""
            if changed in imported:
                yield node.lineno, f"changes {changed}"


def copied(files: Mapping[str, bytes], reference: Mapping[str, bytes], course: Course) -> tuple[list[str], int]:
    """The large functions of the tasks that are the reference's, names aside, and how many were written at all."""
    alike, written = list[str](), 0
    for task in (task for day in course.ready for task in day.tasks):
        theirs, mine = _shapes(reference.get(task.file, b"")), _shapes(files.get(task.file, b""))
        for symbol in task.symbols:
            size, shape = theirs.get(symbol, (0, ""))
            if size >= LARGE and symbol in mine and "Task " not in mine[symbol][1]:
                written += 1
                alike += [f"{task.file} {symbol}"] if mine[symbol][1] == shape else []
    return alike, written


def _shapes(data: bytes) -> dict[str, tuple[int, str]]:
    """{function: how many nodes it has, and its syntax tree without names and docstring}."""
    tree = _tree(data)
    return {symbol: _shape(node) for symbol, node in functions(tree)} if tree is not None else {}


def _shape(node: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[int, str]:
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    names: dict[str, str] = {}
    count = 0
    for each in (inner for statement in body for inner in ast.walk(statement)):
        count += 1
        if isinstance(each, ast.Name):
            each.id = names.setdefault(each.id, f"n{len(names)}")
        elif isinstance(each, ast.arg):
            each.arg = names.setdefault(each.arg, f"n{len(names)}")
    return count, "\n".join(ast.dump(statement) for statement in body)


def _tree(data: bytes) -> ast.Module | None:
    try:
        return parse(data.decode("utf-8", errors="replace"))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
