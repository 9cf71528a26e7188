"""Day 11: which blocks of tokens have been computed before. Pure Python: it knows the numbers of blocks, not keys."""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Protocol


class Hash(Protocol):
    """Names a block after all that it depends on."""

    def __call__(self, parent: bytes, tokens: Sequence[int], salt: str) -> bytes:
        """See `block_hash`."""
        ...


def block_hash(parent: bytes, tokens: Sequence[int], salt: str) -> bytes:
    """The name of a block: at least 16 bytes that depend on its tokens, on all before them, and on whose they are.

    parent: the name of the block before it; empty for the first. tokens: numbers from 0 to 2^63 - 1. salt: of the
    tenant. Inputs that differ in any of the three have different names, except by accident: a name proves nothing.
    It is the same in every process, so that several may talk about the same blocks.
    """
    # task 11.1 begin
    whose = salt.encode("utf-8", "surrogatepass")  # a caller's text may be no proper Unicode
    lengths = array("Q", (len(parent), len(whose))).tobytes()  # so that no byte of one can pass for one of the next
    return blake2b(lengths + parent + whose + array("q", tokens).tobytes(), digest_size=16).digest()
    # task 11.1 end


@dataclass(eq=False)
class Block:
    """A place in the store, and what is in it: keys and values that depend on `tokens` and on all blocks before.

    Two blocks are equal only if they are the same object. kept: whether it may be found; until then only one request
    knows of it. users: how many requests hold it.
    """

    number: int
    name: bytes
    parent: Block | None
    tokens: tuple[int, ...]
    salt: str
    kept: bool = False
    users: int = 0

    def __repr__(self) -> str:
        """Short: a block knows all blocks before it."""
        return f"Block({self.number}: {list(self.tokens)}, {'kept' if self.kept else 'not kept'}, users {self.users})"


class PrefixCache:
    """Knows what each of `num_blocks` blocks holds, how many use it, and which goes first when room is needed.

    A block is *free*, or *reserved* by a request that will fill it, or *kept*: then all may find it. A kept block that
    nobody uses stays until its place is needed. All operations on a block cost the same, however many there are.
    """

    def __init__(self, num_blocks: int, block_size: int, hash: Hash = block_hash) -> None:
        """An empty cache of `num_blocks` blocks of `block_size` tokens each. Raises ValueError for less than 1 each."""
        if num_blocks < 1 or block_size < 1:
            raise ValueError(f"{num_blocks} blocks of {block_size} tokens: give at least 1 of each")
        self.num_blocks, self.block_size, self._hash = num_blocks, block_size, hash
        self._named: dict[bytes, Block] = {}  # reserved and kept ones
        self._free = list(range(num_blocks))[::-1]  # the last is handed out first
        self._unused: OrderedDict[int, Block] = OrderedDict()  # kept and used by nobody, in the order to be evicted

    @property
    def num_free(self) -> int:
        """How many blocks hold nothing."""
        return len(self._free)

    @property
    def num_unused(self) -> int:
        """How many blocks are kept and used by nobody: they may be evicted."""
        return len(self._unused)

    def match(self, tokens: Sequence[int], salt: str = "", after: Block | None = None) -> list[Block]:
        """The kept blocks that hold the beginning of `tokens`, in order: as many whole ones as there are.

        after: the block that the tokens follow; None: they are the first of a request. No block's users change. A block
        counts only if its tokens, the block before it and its salt *are* those asked for, whatever its name is.
        """
        # task 11.3 begin
        found: list[Block] = []
        for start in range(0, len(tokens) - self.block_size + 1, self.block_size):
            here = tuple(tokens[start : start + self.block_size])
            block = self._named.get(self._name(after, here, salt))
            if block is None or not block.kept or (block.parent, block.tokens, block.salt) != (after, here, salt):
                break
            found.append(block)
            after = block
        return found
        # task 11.3 end

    def use(self, blocks: Sequence[Block]) -> None:
        """One more request uses each of these kept blocks: none is evicted until it is released as often as used."""
        # task 11.2 begin
        for block in blocks:
            block.users += 1
            self._unused.pop(block.number, None)
        # task 11.2 end

    def release(self, blocks: Sequence[Block]) -> None:
        """A request no longer uses these blocks: all that it uses, from its first on, or a tail of them.

        A block that nobody uses any more stays, and may be evicted from now on: blocks that were released earlier go
        first, and of those released together the last one, since a block is of no use without those before it. Raises
        ValueError, and changes nothing, if one of them is not in use.
        """
        for block in blocks:
            if block.users < 1:
                raise ValueError(f"block {block.number} is used by nobody: it was released before")
        # task 11.2 begin
        for block in reversed(blocks):
            block.users -= 1
            if block.users == 0:
                self._unused[block.number] = block
        # task 11.2 end

    def reserve(self, tokens: Sequence[int], salt: str = "", after: Block | None = None) -> Block | None:
        """A place for a block that is about to be computed. The caller is its only user until it is kept or dropped.

        tokens: `block_size` of them. after: as for `match`; the caller has reserved it, or uses it. Takes a free block,
        else evicts the one that is first in the order of `release`. None, and nothing changes, if all are in use, or if
        there is a block of that name already, reserved or kept.
        """
        # task 11.2 begin
        here = tuple(tokens)
        name = self._name(after, here, salt)
        if name in self._named or not (self._free or self._unused):
            return None
        block = Block(self._free.pop() if self._free else self._evict(), name, after, here, salt, users=1)
        self._named[name] = block
        return block
        # task 11.2 end

    def keep(self, blocks: Sequence[Block]) -> None:
        """These reserved blocks are filled: all may find them. What reserved them uses them until they are released.

        Raises ValueError, and changes nothing, if one of them is not reserved.
        """
        self._require_reserved(blocks)
        for block in blocks:
            block.kept = True

    def drop(self, blocks: Sequence[Block]) -> None:
        """These reserved blocks were not filled: they are free again. Raises ValueError as `keep` does."""
        self._require_reserved(blocks)
        for block in reversed(blocks):
            del self._named[block.name]
            self._free.append(block.number)

    def _require_reserved(self, blocks: Sequence[Block]) -> None:
        for block in blocks:
            if block.kept or self._named.get(block.name) is not block:
                raise ValueError(f"block {block.number} is not reserved: it was kept or dropped before")

    def _evict(self) -> int:
        """Forget the block that is first in the order, and return its number."""
        # task 11.2 begin
        number, block = self._unused.popitem(last=False)
        del self._named[block.name]
        return number
        # task 11.2 end

    def _name(self, after: Block | None, tokens: tuple[int, ...], salt: str) -> bytes:
        return self._hash(after.name if after else b"", tokens, salt)
