"""Day 12: a scheduler whose requests own pages, not slots of a fixed length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from .block_allocator import BlockAllocator
from .plan import StepPlan, Work, tokens_between
from .policies import PreemptiveScheduler, length
from .prefix_cache import Block
from .request import Request


class PageCopy(NamedTuple):
    """One page is copied whole into another, before anything is computed."""

    source: int
    target: int


@dataclass(frozen=True)
class PagedPlan(StepPlan):
    """A plan with the numbers of each work's pages, in order of positions; and the copies made before all else.

    No page is copied that another copy of the same plan writes: they may be made in any order.
    """

    tables: tuple[tuple[int, ...], ...] = ()
    copies: tuple[PageCopy, ...] = ()


class PagedScheduler(PreemptiveScheduler):
    """Counts memory in pages. A request's *table* lists its pages; a hit, a sample and an end are changes of tables.

    A running request has pages for all tokens that it has, its whole prompt from the start. A page may stand in several
    tables; a request that writes into one that others use gets a copy first. Slots are row numbers, and hold nothing.
    """

    def __init__(self, allocator: BlockAllocator, *, headroom: int = 1, **options: Any) -> None:
        """headroom: for how many more *pages* of each running request there must be room before another is admitted.

        options: those of PreemptiveScheduler, except max_memory_tokens: that is what the pages hold. Raises ValueError
        for the same reasons.
        """
        pages = {"max_memory_tokens": allocator.num_blocks * allocator.block_size}
        super().__init__(headroom=headroom, **{**options, **pages})
        self.allocator = allocator
        self.tables: dict[str, list[Block]] = {}  # of the running requests
        # What the next plan that succeeds must copy, for whom; the source is used until then, lest it be overwritten.
        self._copies: dict[str, tuple[Block, Block]] = {}

    def plan(self) -> PagedPlan:
        """As PreemptiveScheduler.plan, with the tables and the copies. It must call `_work` for all that run."""
        plan = super().plan()
        tables = tuple(tuple(page.number for page in self.tables[work.request_id]) for work in plan.work)
        copies = tuple(PageCopy(source.number, target.number) for source, target in self._copies.values())
        return PagedPlan(plan.work, plan.preempted, tables, copies)

    @property
    def memory_used(self) -> int:
        """How many tokens the pages in use can hold: a page counts whole, and once, however many requests use it."""
        return (self.allocator.num_blocks - self.allocator.num_available) * self.allocator.block_size

    def _fits(self, request: Request) -> bool:
        """Whether there are pages for a request's tokens, and then for `headroom` more of each that runs, it included.

        What it shares needs no page: whole pages that are found, and for a sample those of its `sample_of`, except the
        one that its last token is written to, which is copied. A found page that nobody uses is no longer available to
        others. A sample waits until the other one is read: `_is_read`. If nothing runs, it fits: otherwise it would
        have been refused.
        """
        # task 12.2 begin
        if not self.running:
            return True
        other = self._sampled(request)
        if other is not None and not self._is_read(other):
            return False
        shared = self._shared(request)
        whole = min(
            len(shared), (length(request) - 1) // self.allocator.block_size
        )  # a page that it writes to is its own
        unused = sum(page.users == 0 for page in shared)
        growth = self.headroom * (len(self.running) + 1)
        return self._pages_for(length(request)) - whole + unused + growth <= self.allocator.num_available
        # task 12.2 end

    def _admit(self) -> Request | None:
        """As Scheduler._admit; the request gets its table, and begins after what it shares."""
        request = super()._admit()
        if request is not None:
            shared = self._shared(request)
            self.allocator.use(shared)
            self.tables[request.id] = list(shared)
            request.num_computed_tokens = min(len(shared) * self.allocator.block_size, length(request) - 1)
            if not (self._grow(request) and self._own(request)):
                raise RuntimeError(f"{request.id} was admitted, and there is no page for it: see `_fits`")
        return request

    def _shared(self, request: Request) -> Sequence[Block]:
        """The pages that a request can begin with, in order: its tokens but the last are looked for.

        For a sample that has no answer yet, if the other one is read: all of the other's pages that hold the prompt,
        the last of them perhaps in part.
        """
        # task 12.2 begin
        other = self._sampled(request)
        if other is not None and self._is_read(other) and not request.tokens:
            return self.tables[other.id][: self._pages_for(len(request.prompt))]
        tokens = tokens_between(request, 0, length(request) - 1)
        return self.allocator.match(tokens, request.cache_salt)
        # task 12.2 end

    def _sampled(self, request: Request) -> Request | None:
        """The running request with the same prompt that `request` is another sample of; None if there is none."""
        other = self.running.get(request.sample_of or "")
        same = other is not None and other.prompt == request.prompt and other.cache_salt == request.cache_salt
        return other if same else None

    def _is_read(self, other: Request) -> bool:
        """Whether a request's whole prompt is in its pages: computed, and none of them still to be copied."""
        return other.num_computed_tokens >= len(other.prompt) and other.id not in self._copies

    def _grow(self, request: Request) -> bool:
        """Give a running request pages for all of its tokens. False, and nothing changes, if there are not enough."""
        # task 12.2 begin
        table = self.tables[request.id]
        more = self.allocator.allocate(self._pages_for(length(request)) - len(table))
        if more is None:
            return False
        table += more
        return True
        # task 12.2 end

    def _own(self, request: Request) -> bool:
        """See that no other request uses the page into which a running request's next token is written.

        If one does, the request gets a page of its own in the table, and a copy is planned: in `_copies`, which takes
        over the request's use of the old page. False, and nothing changes, if there is no page.
        """
        # task 12.3 begin
        table, place = self.tables[request.id], request.num_computed_tokens // self.allocator.block_size
        if place == len(table) or table[place].users == 1:
            return True
        pages = self.allocator.allocate(1)
        if pages is None:
            return False
        self._copies[request.id] = (table[place], pages[0])
        table[place] = pages[0]
        return True
        # task 12.3 end

    def _make_room(self) -> tuple[str, ...]:
        """Give every running request the pages that its next step needs, its own to write to, in order of admission.

        When there are none, the last admitted are sent back until there are. Returns their ids, last admitted first.
        """
        # task 12.2 begin
        preempted: list[str] = []
        for request in list(self.running.values()):
            while request.id in self.running and not (self._grow(request) and self._own(request)):
                preempted.append(next(reversed(self.running)))
                self._send_back(preempted[-1])
        return tuple(preempted)
        # task 12.2 end

    def _work(self, request: Request, left: int) -> Work:
        """As Scheduler._work, after what others have published meanwhile."""
        self._catch_up(request)
        return super()._work(request, left)

    def _catch_up(self, request: Request) -> None:
        """Let a request that is being read use the pages that others have published, instead of its own."""
        # task 12.3 begin
        table, size = self.tables[request.id], self.allocator.block_size
        place = request.num_computed_tokens // size
        after = table[place - 1] if place else None
        last = (length(request) - 1) // size  # the page of the last token is never shared whole
        if place >= last or (after is not None and not after.kept):
            return
        found = self.allocator.match(tokens_between(request, place * size, last * size), request.cache_salt, after)
        self.allocator.use(found)
        self.allocator.release(table[place : place + len(found)])
        table[place : place + len(found)] = found
        request.num_computed_tokens = max(request.num_computed_tokens, (place + len(found)) * size)
        # task 12.3 end

    def commit(self, plan: StepPlan) -> None:
        """As Scheduler.commit; pages that have become full are published, and copies are made."""
        super().commit(plan)
        for request_id in list(self._copies):
            self._forget_copy(request_id)
        # task 12.3 begin
        size = self.allocator.block_size
        for work in plan.work:
            request, table = self.running[work.request_id], self.tables[work.request_id]
            for place in range(work.start // size, request.num_computed_tokens // size):
                tokens = tokens_between(request, place * size, (place + 1) * size)
                after = table[place - 1] if place else None
                table[place] = self.allocator.publish(table[place], tokens, request.cache_salt, after)
        # task 12.3 end

    def remove(self, request_id: str) -> Request:
        """As Scheduler.remove; and its pages are released."""
        request = super().remove(request_id)
        self._let_go(request_id)
        return request

    def _send_back(self, request_id: str) -> None:
        """As PreemptiveScheduler._send_back; pages with a name stay, and it may find them again."""
        super()._send_back(request_id)
        self._let_go(request_id)

    def _let_go(self, request_id: str) -> None:
        self._forget_copy(request_id)
        self.allocator.release(self.tables.pop(request_id, []))

    def _forget_copy(self, request_id: str) -> None:
        """A copy is made, or no longer wanted: its source may be overwritten."""
        if request_id in self._copies:
            source, _ = self._copies.pop(request_id)
            self.allocator.release([source])

    def _pages_for(self, tokens: int) -> int:
        """How many pages a number of tokens needs."""
        return -(-tokens // self.allocator.block_size)
