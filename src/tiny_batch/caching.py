"""Day 11: a scheduler whose requests start from what has been computed before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from .plan import StepPlan, Work, num_wanted, tokens_between
from .policies import PreemptiveScheduler
from .prefix_cache import Block, PrefixCache
from .request import Request


class BlockCopy(NamedTuple):
    """A block of the store and its place in a slot: the positions from `start` on, a whole block of them."""

    block: int
    slot: int
    start: int


@dataclass(frozen=True)
class CachingPlan(StepPlan):
    """A plan that also copies blocks: `loads` from the store into slots, before anything is computed, and `keeps` from
    slots into the store, after everything is.
    """

    loads: tuple[BlockCopy, ...] = ()
    keeps: tuple[BlockCopy, ...] = ()


class CachingScheduler(PreemptiveScheduler):
    """Loads what is stored of a request's tokens instead of computing it, and keeps what others may need.

    The first tokens of a running request that are in the store are its *chain*: whole blocks, which it uses until it
    leaves. The chain grows when another request has kept the next block, or when it has computed and kept it itself.
    """

    def __init__(self, cache: PrefixCache, **options: Any) -> None:
        """cache: what is stored. options: those of PreemptiveScheduler. Raises ValueError for the same reasons."""
        super().__init__(**options)
        self.cache = cache
        self._chains: dict[str, list[Block]] = {}  # of the running requests
        self._loads: list[BlockCopy] = []  # of the plan that is being made
        self._keeps: list[BlockCopy] = []
        # Of the last plan, until it is committed: the blocks that it fills, and where requests stood before loading.
        self._reserved: dict[str, list[Block]] = {}
        self._stood: dict[str, int] = {}

    def plan(self) -> CachingPlan:
        """As PreemptiveScheduler.plan, with what is loaded and what is kept: see `_work`, which it calls for each.

        A plan that was never committed has kept and loaded nothing.
        """
        self._undo()
        self._loads, self._keeps = [], []
        plan = super().plan()
        return CachingPlan(plan.work, plan.preempted, tuple(self._loads), tuple(self._keeps))

    def _work(self, request: Request, left: int) -> Work:
        """As Scheduler._work, after what can be loaded; and the blocks that it completes are kept."""
        self._load(request)
        work = super()._work(request, left)
        self._keep(request, work.start + len(work.tokens))
        return work

    def _load(self, request: Request) -> None:
        """Let a request continue after all that is stored of its tokens.

        Its chain grows by the kept blocks that hold its next tokens, and it uses them; what is in the chain already is
        not looked for again. Those of them that it has not computed whole are loaded into its slot, and count as
        computed. At least one token is left to compute, because its logits say what comes next. Notes each copy in
        `_loads`, and in `_stood` how many were computed before, if that changes.
        """
        raise NotImplementedError("Task 11.4: CachingScheduler._load: see book/src/day-11.md")

    def _keep(self, request: Request, stop: int) -> None:
        """Reserve places for the blocks after a request's chain that are whole once `stop` tokens are computed.

        They are to be copied from its slot into the store: notes each copy in `_keeps`, and its block in `_reserved`.
        Ends with the first for which there is no place, since the blocks after it could never be found.
        """
        raise NotImplementedError("Task 11.4: CachingScheduler._keep: see book/src/day-11.md")

    def commit(self, plan: StepPlan) -> None:
        """As Scheduler.commit; and the blocks that the plan filled are kept, each in the chain of what computed it."""
        super().commit(plan)
        raise NotImplementedError("Task 11.4: CachingScheduler.commit: see book/src/day-11.md")

    def remove(self, request_id: str) -> Request:
        """As Scheduler.remove; and the request no longer uses or reserves any block."""
        request = super().remove(request_id)
        self._let_go(request_id)
        return request

    def _send_back(self, request_id: str) -> None:
        """As PreemptiveScheduler._send_back; what it has kept stays in the store, and may be evicted."""
        super()._send_back(request_id)
        self._let_go(request_id)

    def _let_go(self, request_id: str) -> None:
        """Release a request's chain, and drop what it has reserved: if its step has broken, nothing was filled.

        A request that waits has neither.
        """
        raise NotImplementedError("Task 11.4: CachingScheduler._let_go: see book/src/day-11.md")

    def _undo(self) -> None:
        """Take back a plan that was never committed: its runner was interrupted, and its requests still run."""
        for blocks in self._reserved.values():
            self.cache.drop(blocks)
        for request_id, computed in self._stood.items():
            chain, whole = self._chains[request_id], computed // self.cache.block_size
            self.cache.release(chain[whole:])
            del chain[whole:]
            self.running[request_id].num_computed_tokens = computed
        self._reserved.clear()
        self._stood.clear()
