r"""Formulas as MathML, made while the book is built: no script and no network when it is read.

The rule: `$$…$$` is a display formula. `$…$` is an inline formula when the opening `$` is not preceded by a letter, a
digit or another `$` and is followed directly by something that is not a space; and the closing `$` is preceded
directly by something that is not a space and is not followed by a letter, a digit or another `$`. One that begins with
a digit must also have one of \ ^ _ = in it. So `$5, or 6 US$`, `$HOME/$USER` and `US$ 5` are text. `\$` is always a
dollar, and so is any `$` inside code.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree

from tiny_batch_kit.authors.bookkit.blocks import CODE_SPAN
from tiny_batch_kit.authors.bookkit.problems import BookError

_PIECE = re.compile(
    rf"(?P<code>{CODE_SPAN})"
    r"|(?P<escaped>\\.)"
    r"|(?P<display>\$\$(?P<shown>.*?)\$\$)"
    r"|(?P<open>\$\$)"
    r"|(?<![\w$])\$(?P<inline>(?=[^\s$])(?!\d[^\\^_=$]*\$)(?:\\.|(?!\n\s*\n)[^$\\`])*?)(?<=[^\s\\])\$(?![\w$])",
    re.S,
)
# How many parts these elements of MathML have.
_PARTS = {"mfrac": 2, "msub": 2, "msup": 2, "munder": 2, "mover": 2, "mroot": 2, "msubsup": 3, "munderover": 3}


def render_math(prose: str) -> str:
    """`prose` with its formulas as MathML. Raises BookError for a formula that can't be read or isn't closed."""

    def piece(match: re.Match[str]) -> str:
        if match["code"] or match["escaped"]:
            return match[0]
        if match["open"]:
            raise BookError("`$$` opens a formula that no `$$` closes. Close it, or write \\$\\$ for two dollars.")
        if match["display"]:
            alone = _is_alone(prose, match.start(), match.end())
            formula = mathml(match["shown"], display=True)
            return f'<div class="formula">{formula}</div>' if alone else formula
        return mathml(match["inline"], display=False)

    return _PIECE.sub(piece, prose)


def mathml(latex: str, *, display: bool) -> str:
    """One formula as MathML on one line, in which Markdown finds nothing to change. Raises BookError."""
    from latex2mathml.converter import convert

    if not latex.strip():
        raise BookError("An empty formula: write something between the dollars, or \\$ for a dollar.")
    try:
        made: str = convert(" ".join(latex.split()), display="block" if display else "inline")
    except Exception as error:  # the converter has many error classes, and lets IndexError and KeyError through
        reason = f"{type(error).__name__} {error}".strip()
        raise BookError(f"The formula `{latex.strip()}` can't be read ({reason}). Mend it, or write \\$.") from error
    unknown = re.search(r"<m\w+[^>]*>(\\\w+)</m\w+>", made)
    if unknown:
        raise BookError(f"The formula `{latex.strip()}` uses {unknown[1]}, which is not known. Write it another way.")
    for part in ElementTree.fromstring(made).iter():
        wanted = _PARTS.get(part.tag.rpartition("}")[2], len(part))
        if len(part) != wanted:  # the converter lets \\frac{1} through
            raise BookError(f"The formula `{latex.strip()}` can't be read: something lacks one of its parts.")
    return re.sub(r">([^<]+)<", lambda text: f">{_inert(text[1])}<", made)


def _inert(text: str) -> str:
    """`text` with its ASCII punctuation as character references, which Markdown leaves alone."""
    return re.sub(r"&#?\w+;|[!-/:-@\[-`{-~]", lambda m: m[0] if len(m[0]) > 1 else f"&#{ord(m[0])};", text)


def _is_alone(prose: str, start: int, end: int) -> bool:
    """Whether the text from `start` to `end` has its lines for itself."""
    before, after = prose[:start].rpartition("\n")[2], prose[end:].partition("\n")[0]
    return not before.strip(" >") and not after.strip()
