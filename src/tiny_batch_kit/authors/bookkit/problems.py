"""What can be wrong with the book, and where."""

from __future__ import annotations

from dataclasses import dataclass

from tiny_batch_kit.base.errors import KitError


class BookError(KitError):
    """One thing in a page that can't be rendered. The page and the line are added where they are known."""


@dataclass(frozen=True, order=True)
class Problem:
    """Something wrong in one page. line: 1-based; 0 when the problem belongs to the page as a whole."""

    page: str
    line: int
    message: str

    def __str__(self) -> str:
        place = f"{self.page}:{self.line}" if self.line else self.page
        return f"{place}: {self.message}"
