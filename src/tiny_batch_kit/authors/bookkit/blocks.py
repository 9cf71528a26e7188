"""A page's text as prose and fenced blocks, so that nothing inside code is taken for syntax."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FENCE = re.compile(r"^([ >]*)(`{3,}|~{3,})[ \t]*([^`]*)$")
# A run of backticks, its content, and the same run again; a code span never crosses an empty line.
CODE_SPAN = r"(?<!`)(?P<ticks>`+)(?!`)(?:(?!\n\s*\n).)+?(?<!`)(?P=ticks)(?!`)"


@dataclass(frozen=True)
class Block:
    """A piece of a page.

    line: where it begins, 1-based. text: as written, fence lines included. kind: the first word after the opening
    fence ("quiz", "bash", "" for none), None for prose. body: what stands between the fences. closed: whether the
    closing fence is there.
    """

    line: int
    text: str
    kind: str | None = None
    body: str = ""
    closed: bool = True


def split_blocks(text: str) -> list[Block]:
    """The page's prose and fenced blocks, in order; joining their texts with newlines gives the page back."""
    lines = text.split("\n")
    blocks: list[Block] = []
    prose_from = index = 0
    while index < len(lines):
        opening = _FENCE.match(lines[index])
        if opening is None:
            index += 1
            continue
        if index > prose_from:
            blocks.append(Block(prose_from + 1, "\n".join(lines[prose_from:index])))
        end = _closing_line(lines, index, opening[2])
        words = opening[3].split()
        blocks.append(
            Block(
                index + 1,
                "\n".join(lines[index : end + 1]),
                words[0] if words else "",
                "\n".join(lines[index + 1 : end]),
                closed=end < len(lines),
            )
        )
        prose_from = index = end + 1
    if prose_from < len(lines):
        blocks.append(Block(prose_from + 1, "\n".join(lines[prose_from:])))
    return blocks


def _closing_line(lines: list[str], start: int, fence: str) -> int:
    """The index of the line that closes the fence opened at `start`; the number of lines if there is none."""
    for index in range(start + 1, len(lines)):
        bare = lines[index].strip(" >\t")
        if len(bare) >= len(fence) and bare == fence[0] * len(bare):
            return index
    return len(lines)


def mask_code(prose: str) -> str:
    """`prose` with every code span and escaped character blanked out, of the same length and with the same lines."""

    def blank(match: re.Match[str]) -> str:
        return re.sub(r"[^\n]", " ", match[0])

    return re.sub(rf"\\[^\w\s]|{CODE_SPAN}", blank, prose, flags=re.S)
