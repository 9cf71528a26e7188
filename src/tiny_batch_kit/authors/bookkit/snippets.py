"""Code shown in a chapter is read from the checkout when the book is built, so it can't go stale."""

from __future__ import annotations

import ast
from pathlib import Path

from tiny_batch_kit.authors.bookkit.problems import BookError

_LANGUAGES = {".py": "python", ".toml": "toml", ".sh": "bash", ".json": "json", ".md": "markdown"}
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def render_snippet(root: Path, argument: str) -> str:
    """The fenced code of `PATH` or `PATH:SYMBOL`, PATH from the checkout's root. Raises BookError.

    Of the student's package only signatures and docstrings are shown: the rest is theirs. The reference is never shown.
    """
    name, _, symbol = argument.strip().partition(":")
    path = (root / name).resolve()
    if not path.is_relative_to(root.resolve()) or not path.is_file():
        raise BookError(f"There is no file {name!r} to show: give its path from the root of the checkout.")
    if path.is_relative_to((root / "src" / "tiny_batch_ref").resolve()):
        raise BookError(f"{name} is the reference, which chapters don't show. Show the starter's file instead.")
    text = path.read_text(encoding="utf-8")
    if symbol or path.is_relative_to((root / "src" / "tiny_batch").resolve()):
        text = _python(text, name, symbol, signatures_only=path.is_relative_to((root / "src" / "tiny_batch").resolve()))
    code = text.strip("\n")
    if not code.strip():
        raise BookError(f"{argument.strip()} is empty: there is nothing to show.")
    fence = "`" * max(3, _longest_run(code) + 1)
    return f"{fence}{_LANGUAGES.get(path.suffix, 'text')}\n{code}\n{fence}"


def _python(text: str, name: str, symbol: str, *, signatures_only: bool) -> str:
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise BookError(f"{name} is not Python: {error}.") from error
    scope: ast.Module | Definition = tree
    for part in filter(None, symbol.split(".")):
        scope = _find(scope, part, name, symbol)
    lines = text.splitlines()
    cuts = _bodies(scope) if signatures_only else []
    start = 1
    end = len(lines)
    if not isinstance(scope, ast.Module):
        start = min([scope.lineno, *(decorator.lineno for decorator in scope.decorator_list)])
        end = scope.end_lineno or scope.lineno
    shown: list[str] = []
    number = start
    while number <= end:
        cut = next((cut for cut in cuts if cut[0] == number), None)
        shown.append(" " * cut[2] + "..." if cut else lines[number - 1])
        number = cut[1] + 1 if cut else number + 1
    indent = min((len(line) - len(line.lstrip()) for line in shown if line.strip()), default=0)
    return "\n".join(line[indent:] for line in shown)


def _find(scope: ast.AST, part: str, name: str, symbol: str) -> Definition:
    known = [node for node in ast.iter_child_nodes(scope) if isinstance(node, (*_FUNCTIONS, ast.ClassDef))]
    for node in known:
        if node.name == part:
            return node
    there = ", ".join(node.name for node in known) or "none"
    raise BookError(f"{name} has no function or class {symbol!r}. There are: {there}.")


def _bodies(scope: ast.AST) -> list[tuple[int, int, int]]:
    """First line, last line and indent of what follows the docstring, for each function in `scope`."""
    cuts = []
    for node in ast.walk(scope):
        if isinstance(node, _FUNCTIONS):
            rest = node.body[1:] if ast.get_docstring(node) is not None else node.body
            first = node.body[0].end_lineno or 0 if len(rest) < len(node.body) else rest[0].lineno - 1
            if rest:
                cuts.append((first + 1, node.end_lineno or first + 1, rest[0].col_offset))
    return cuts


def _longest_run(code: str) -> int:
    longest = run = 0
    for character in code:
        run = run + 1 if character == "`" else 0
        longest = max(longest, run)
    return longest
