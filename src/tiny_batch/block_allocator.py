"""Day 12: which request has which page. One memory, one owner, one count: what is kept to be found again lies there."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapify, heappop, heappush

from .prefix_cache import Block, Hash, PrefixCache, block_hash


class BlockAllocator(PrefixCache):
    """Hands out pages, the lowest free ones first, counts how many use each, and takes them back.

    A page is a Block of Day 11. It has no name while it is being filled; `publish` gives it one, and from then on
    `match` finds it. A page that nobody uses is free again if it has no name. If it has one, it stays until its place
    is needed. No operation searches: each costs the logarithm of the number of pages at most.
    """

    def __init__(self, num_blocks: int, block_size: int, hash: Hash = block_hash) -> None:
        """All pages are free. Raises ValueError for less than 1 page of 1 token."""
        super().__init__(num_blocks, block_size, hash)
        heapify(self._free)
        self._blocks: list[Block | None] = [None] * num_blocks  # what each page is now; None while it is free

    @property
    def num_available(self) -> int:
        """How many pages can be had: the free ones, and those that are kept but used by nobody."""
        return self.num_free + self.num_unused

    def allocate(self, count: int) -> list[Block] | None:
        """`count` pages, used by the caller alone. None, and nothing changes, if there are not that many.

        Free pages first, the lowest number first; then kept ones are evicted, in Day 11's order.
        """
        raise NotImplementedError("Task 12.1: BlockAllocator.allocate: see book/src/day-12.md")

    def use(self, blocks: Sequence[Block]) -> None:
        """One more request uses each of these pages.

        Raises ValueError, and changes nothing, if one of them is free, or has become another page.
        """
        raise NotImplementedError("Task 12.1: BlockAllocator.use: see book/src/day-12.md")

    def release(self, blocks: Sequence[Block]) -> None:
        """A request no longer uses these pages. blocks: its first ones, in order.

        Those that nobody uses any more are free again if they have no name, and otherwise may be evicted: in the order
        in which they were released, and of those released together the last first. Raises ValueError, and changes
        nothing, if one of them is used by nobody, or has become another page.
        """
        raise NotImplementedError("Task 12.1: BlockAllocator.release: see book/src/day-12.md")

    def reserve(self, tokens: Sequence[int], salt: str = "", after: Block | None = None) -> Block | None:
        """Not for pages, which are filled over many steps. Raises TypeError: allocate one, and publish it when full."""
        raise TypeError("a page is not reserved for tokens: allocate it, and publish it when it is full")

    def publish(self, page: Block, tokens: Sequence[int], salt: str = "", after: Block | None = None) -> Block:
        """Let all find a page that is full and computed. Returns the page to go on with, which the caller uses.

        tokens: of the whole page. salt, after: as for `match`. If there is another page with these tokens already, the
        caller uses that one from now on, and no longer this one. If its name is another page's by accident, or if
        `after` has no name itself, this page stays without a name.
        """
        raise NotImplementedError("Task 12.1: BlockAllocator.publish: see book/src/day-12.md")

    def _evict(self) -> int:
        """Forget the page that is first in the order, and return its number."""
        number = super()._evict()
        self._blocks[number] = None
        return number

    def _require_known(self, blocks: Sequence[Block]) -> None:
        for page in blocks:
            if self._blocks[page.number] is not page:
                raise ValueError(f"page {page.number} is not what it was: it was released, and is free or another's")
