"""Day 12 · Paged KV: one memory with one owner and one count, tables that grow, share and fork, attention by tables."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tiny_batch.block_allocator import BlockAllocator
from tiny_batch.engine import Engine, Event, FinishedEvent, PreemptedEvent
from tiny_batch.packing import pack
from tiny_batch.paged_attention import PagedKvCache, gather, gathering_reader, paged_attend, places
from tiny_batch.paged_cuda import cuda_body
from tiny_batch.paged_kernel import paged_decode, paged_decode_on_shim
from tiny_batch.paged_kv import PageCopy, PagedPlan, PagedScheduler
from tiny_batch.paged_metal import metal_body
from tiny_batch.paged_runner import PagedRunner
from tiny_batch.plan import StepPlan, Work
from tiny_batch.prefix_cache import Block
from tiny_batch.request import FinishReason, Request, RequestState
from tiny_batch.sampling import SamplingParams
from tiny_batch_kit.grading.expect import Mismatch, expect_equal, expect_raises, expect_true
from tiny_batch_kit.machine.kernels import KernelError, missing_compiler
from tiny_batch_kit.model.attention import attention
from tiny_batch_kit.model.oracle import agrees, serve_alone
from tiny_batch_kit.model.pages import page_reader
from tiny_batch_kit.model.tiny import tiny_random

MODEL = tiny_random(seed=5)
GREEDY = SamplingParams()


# Task 12.1


def numbers(pages: Sequence[Block] | None) -> list[int] | None:
    return None if pages is None else [page.number for page in pages]


def take(allocator: BlockAllocator, count: int = 1) -> list[Block]:
    pages = allocator.allocate(count)
    assert pages is not None
    return pages


def counts(allocator: BlockAllocator) -> tuple[int, int, int]:
    """(free, kept and used by nobody, in use)."""
    free, unused = allocator.num_free, allocator.num_unused
    return free, unused, allocator.num_blocks - free - unused


def publish(allocator: BlockAllocator, tokens: Sequence[int], salt: str = "") -> list[Block]:
    """Allocate and publish the whole pages of some tokens, one after the other; the caller uses them."""
    pages: list[Block] = []
    for start in range(0, len(tokens) - allocator.block_size + 1, allocator.block_size):
        (page,) = take(allocator)
        piece, after = tokens[start : start + allocator.block_size], pages[-1] if pages else None
        pages.append(allocator.publish(page, piece, salt, after))
    return pages


@pytest.mark.task("12.1")
def test_pages_are_handed_out():
    allocator = BlockAllocator(6, 4)
    first, second = take(allocator, 2), take(allocator, 3)
    expect_equal(
        (numbers(first), numbers(second), [page.users for page in [*first, *second]], counts(allocator)),
        ([0, 1], [2, 3, 4], [1] * 5, (1, 0, 5)),
        asked="(two pages, three more, users, (free, unused, in use)): the lowest free numbers first",
        case="allocate(2), then allocate(3), of 6",
    )


@pytest.mark.task("12.1")
def test_all_or_nothing():
    allocator = BlockAllocator(4, 4)
    take(allocator, 2)
    refused, exact, empty = allocator.allocate(3), allocator.allocate(2), allocator.allocate(0)
    expect_equal(
        (refused, numbers(exact), empty, counts(allocator)),
        (None, [2, 3], [], (0, 0, 4)),
        asked="(three pages of two, two of two, none of none, (free, unused, in use))",
        case="2 of 4 pages are in use",
    )


@pytest.mark.task("12.1")
def test_released_pages_are_free_again_lowest_first():
    allocator = BlockAllocator(5, 4)
    pages = take(allocator, 5)
    allocator.release([pages[3]])
    allocator.release([pages[0], pages[1]])
    expect_equal(
        (counts(allocator), numbers(allocator.allocate(3))),
        ((3, 0, 2), [0, 1, 3]),
        asked="((free, unused, in use), the next three pages)",
        case="5 pages; page 3 is released, then 0 and 1",
    )


@pytest.mark.task("12.1")
def test_shared_pages_are_released_by_all():
    allocator = BlockAllocator(3, 4)
    pages = take(allocator, 2)
    allocator.use(pages)
    seen = []
    for _ in range(2):
        allocator.release(pages)
        seen.append((counts(allocator), [page.users for page in pages]))
    expect_equal(
        seen,
        [((1, 0, 2), [1, 1]), ((3, 0, 0), [0, 0])],
        asked="((free, unused, in use), users) after each of two releases",
        case="two pages, each used by two",
    )


@pytest.mark.task("12.1")
@pytest.mark.parametrize("what", ["release", "use"])
@pytest.mark.parametrize("when", ["free", "another's by now"], ids=["free", "taken"])
def test_a_page_that_is_no_longer_yours(what: str, when: str):
    allocator = BlockAllocator(3, 4)
    mine, old = take(allocator), take(allocator)
    allocator.release(old)
    if when != "free":
        take(allocator)
    expect_raises(
        ValueError,
        lambda: getattr(allocator, what)([*mine, *old]),
        asked="a ValueError that names the page",
        case=f"{what} of page 0, which is mine, and of page 1, which was released and is {when}",
        mentions=["1"],
    )
    expect_equal(
        (mine[0].users, counts(allocator)),
        (1, (2, 0, 1) if when == "free" else (1, 0, 2)),
        asked="(users of page 0, (free, unused, in use)): nothing has changed",
        case=f"the refused {what}",
    )


@pytest.mark.task("12.1")
def test_a_published_page_that_nobody_uses_is_released_once():
    allocator = BlockAllocator(3, 2)
    (page,) = publish(allocator, [5, 6])
    allocator.release([page])
    expect_raises(
        ValueError,
        lambda: allocator.release([page]),
        asked="a ValueError: it is not in use",
        case="a published page is released twice",
        mentions=[str(page.number)],
    )


@pytest.mark.task("12.1")
def test_a_published_page_is_found():
    allocator = BlockAllocator(4, 2)
    pages = publish(allocator, [5, 6, 7, 8], "a")
    (page, other) = pages
    expect_equal(
        (numbers(allocator.match([5, 6, 7, 8, 9], "a")), numbers(allocator.match([5, 6], "b")), other.parent is page),
        (numbers(pages), [], True),
        asked="(what is found for tenant a, for b, whether the second knows the first)",
        case="5 6 and 7 8 are published for a, in pages of 2",
    )


@pytest.mark.task("12.1")
def test_what_nobody_uses_stays_if_it_has_a_name():
    allocator = BlockAllocator(4, 2)
    named, nameless = publish(allocator, [5, 6]), take(allocator)
    allocator.release(named)
    allocator.release(nameless)
    expect_equal(
        (counts(allocator), allocator.num_available, numbers(allocator.match([5, 6]))),
        ((3, 1, 0), 4, numbers(named)),
        asked="((free, unused, in use), available, what is found)",
        case="a published page and another are released",
    )


@pytest.mark.task("12.1")
def test_free_pages_first_then_the_least_recently_used():
    allocator = BlockAllocator(4, 1)
    chain = publish(allocator, [5, 6, 7])
    allocator.release(chain)
    got = [numbers(allocator.allocate(1)) for _ in range(4)]
    expect_equal(
        (got, numbers(allocator.match([5, 6, 7])), allocator.allocate(1)),
        ([[3], [2], [1], [0]], [], None),
        asked="(four pages, what is found then, a fifth): the free one, then the chain from its end",
        case="three of four pages are published, one after the other, and released",
    )


@pytest.mark.task("12.1")
def test_a_page_in_use_is_never_taken():
    allocator = BlockAllocator(2, 1)
    a, b = publish(allocator, [5]), publish(allocator, [6])
    allocator.release(a)
    allocator.use(allocator.match([5]))
    allocator.release(b)
    expect_equal(
        (allocator.allocate(2), numbers(allocator.allocate(1)), numbers(allocator.match([5]))),
        (None, numbers(b), numbers(a)),
        asked="(two pages, one page, what is found of the first)",
        case="two published pages are released, and the first is used again",
    )


@pytest.mark.task("12.1")
def test_two_who_have_computed_the_same():
    allocator = BlockAllocator(4, 2)
    (first,) = publish(allocator, [5, 6])
    (twin,) = take(allocator)
    got = allocator.publish(twin, [5, 6])
    expect_equal(
        (got is first, first.users, counts(allocator)),
        (True, 2, (3, 0, 1)),
        asked="(whether the second goes on with the first page, its users, (free, unused, in use)): its own is free",
        case="5 6 is published; another request has computed it too, and publishes",
    )


@pytest.mark.task("12.1")
def test_a_name_that_everybody_has():
    allocator = BlockAllocator(4, 2, hash=lambda parent, tokens, salt: b"other" if tokens[0] == 9 else b"same")
    (first,) = publish(allocator, [5, 6])
    (other,) = take(allocator)
    got = allocator.publish(other, [7, 8])
    (behind,) = take(allocator)
    last = allocator.publish(behind, [9, 9], "", got)
    allocator.release([got, last])
    expect_equal(
        (got is other, last is behind, numbers(allocator.match([5, 6])), numbers(allocator.match([7, 8]))),
        (True, True, numbers([first]), []),
        asked="(whether it stays the same page, and one after it too, what is found of the first, of the second)",
        case="5 6 is published; 7 8 has the same name by accident, and 9 9 comes after it",
    )
    expect_equal(counts(allocator), (3, 0, 1), asked="(free, unused, in use)", case="both are released")


@pytest.mark.task("12.1")
def test_the_same_tokens_twice_in_a_row():
    allocator = BlockAllocator(4, 2)
    pages = publish(allocator, [5, 6, 5, 6])
    expect_equal(
        (numbers(pages), numbers(allocator.match([5, 6, 5, 6, 5, 6]))),
        ([0, 1], [0, 1]),
        asked="(the published pages, what is found): the second 5 6 follows other tokens than the first",
        case="5 6 5 6 is published, in pages of 2",
    )


@pytest.mark.task("12.1")
def test_many_pages_are_as_quick_as_few():
    def seconds(pages: int) -> float:
        allocator = BlockAllocator(pages, 1)
        for token in range(pages):
            allocator.release(publish(allocator, [token]))
        best = float("inf")
        for attempt in range(3):
            start = time.perf_counter()
            for token in range(300):
                page = publish(allocator, [pages * (attempt + 1) + token])
                allocator.use(page)
                allocator.release(page)
                allocator.release(page)
                allocator.release(take(allocator))
            best = min(best, time.perf_counter() - start)
        return best

    small, large = seconds(500), seconds(50_000)
    expect_true(
        large < 8 * small + 0.02,
        asked="allocating, evicting, using and releasing cost the same with 100 times as many pages",
        case="300 of each, with 500 and with 50,000 published pages",
        got=f"{1e3 * small:.1f} ms and {1e3 * large:.1f} ms",
        expected="about the same",
    )


# Tasks 12.2 and 12.3


def says(history: Sequence[int], seed: int) -> int:
    """What the pretended model says after `history`: every token of it counts, its place, and the sample's seed."""
    return (sum((place + 1) * (token + 7) for place, token in enumerate(history)) + 3 * seed) % 11


def told_alone(request: Request) -> list[int]:
    """The tokens that the pretended model gives to a request that is alone."""
    history, tokens = list(request.prompt), list[int]()
    while len(tokens) < request.max_tokens:
        tokens.append(says(history, request.sampling.seed or 0))
        history.append(tokens[-1])
    return tokens


class Pretended:
    """A runner without a model. It remembers what is in every place of every page, and finds fault with plans in which
    two write to one page, somebody reads what another one writes, or a table leads to what is not its request's own."""

    def __init__(self, size: int = 4, broken: Sequence[int] = ()) -> None:
        self.size, self.broken = size, set(broken)
        self.pages: dict[int, dict[int, tuple[int, ...]]] = {}
        self.plans: list[PagedPlan] = []
        self.faults: list[str] = []
        self.computed = self.copied = 0

    def run(self, plan: StepPlan) -> Mapping[str, Sequence[int]]:
        assert isinstance(plan, PagedPlan)
        self.plans.append(plan)
        targets = {copy.target for copy in plan.copies}
        if len(targets) < len(plan.copies) or any(copy.source in targets for copy in plan.copies):
            self.faults.append(f"copies that get in each other's way: {plan.copies}")
        before = dict(self.pages)  # copies may be made in any order, or all at once
        for copy in plan.copies:
            self.pages[copy.target] = dict(before.get(copy.source, {}))
            self.copied += 1
        writers = self._writers(plan)
        if len(self.plans) in self.broken:
            for page in writers:  # nobody knows what a broken step has left
                self.pages[page] = {}
            raise MemoryError("no room for the scores")
        told = {}
        for work, table in zip(plan.work, plan.tables, strict=True):
            self._look(work, table, writers)
            told[work.request_id] = [self._compute(work, table)]
        return {work.request_id: told[work.request_id] for work in plan.work if work.wanted}

    def _writers(self, plan: PagedPlan) -> dict[int, str]:
        writers: dict[int, str] = {}
        for work, table in zip(plan.work, plan.tables, strict=True):
            last = (work.start + len(work.tokens) - 1) // self.size
            if last >= len(table):
                self.faults.append(f"{work.request_id} has {len(table)} pages, and writes to page {last}")
            for page in table[work.start // self.size : last + 1]:
                if page in writers:
                    self.faults.append(f"{work.request_id} and {writers[page]} both write to page {page}")
                writers[page] = work.request_id
        return writers

    def _look(self, work: Work, table: Sequence[int], writers: Mapping[int, str]) -> None:
        history: list[int] = []
        for position in range(work.start):
            page = table[position // self.size]
            if writers.get(page, work.request_id) != work.request_id:
                self.faults.append(f"{work.request_id} reads page {page}, to which {writers[page]} writes")
            there = self.pages.get(page, {}).get(position % self.size)
            if there is None or there[:-1] != (*history,):
                self.faults.append(f"position {position} of {work.request_id} is not in its page {page}")
                return
            history.append(there[-1])

    def _compute(self, work: Work, table: Sequence[int]) -> int:
        history: list[int] = []
        for position in range(work.start):
            history.append(self.pages.get(table[position // self.size], {}).get(position % self.size, (0,))[-1])
        for offset, token in enumerate(work.tokens):
            position = work.start + offset
            history.append(token)
            self.pages.setdefault(table[position // self.size], {})[position % self.size] = (*history,)
        self.computed += len(work.tokens)
        return says(history, work.sampling.seed or 0)


def serving(
    *, pages: int = 64, size: int = 4, broken: Sequence[int] = (), hash: Any = None, **options: Any
) -> tuple[Engine, BlockAllocator, Pretended]:
    allocator = BlockAllocator(pages, size, hash) if hash else BlockAllocator(pages, size)
    limits = {"max_running": 4, "max_batched_tokens": 64, "max_seq_len": 64, **options}
    runner = Pretended(size, broken)
    return Engine(PagedScheduler(allocator, **limits), runner), allocator, runner


def ask(name: str, prompt: Sequence[int] | int, max_tokens: int = 2, *, seed: int = 0, **options: Any) -> Request:
    """A request; a number stands for a prompt of that length, which no other has."""
    ids = [(7 * place + 13 * ord(name[0])) % 250 for place in range(prompt)] if isinstance(prompt, int) else prompt
    return Request(name, ids, max_tokens, sampling=SamplingParams(seed=seed), **options)


def drive(engine: Engine, case: str, most_steps: int = 800) -> list[Event]:
    """Step until nothing is left; returns all events."""
    events: list[Event] = []
    for _ in range(most_steps):
        if not engine.has_work:
            return events
        events += engine.step()
    expect_true(
        not engine.has_work,
        asked="every request comes to its end",
        case=case,
        got=f"has_work after {most_steps} steps",
        expected="nobody is left",
    )
    return events


def serve(engine: Engine, *requests: Request) -> list[Event]:
    """Serve requests that are all there, to their end."""
    for request in requests:
        engine.add_request(request)
    return drive(engine, f"{len(requests)} requests")


def brief(plan: StepPlan) -> list[tuple[str, int, int]]:
    """(request, start, tokens) of each work of a plan."""
    return [(work.request_id, work.start, len(work.tokens)) for work in plan.work]


def right(engine: Engine, allocator: BlockAllocator, runner: Pretended, requests: Sequence[Request], case: str) -> None:
    """All answers are those of serving alone, the runner found no fault, and every page can be had again."""
    expect_equal(
        ([each.tokens for each in requests], runner.faults),
        ([told_alone(each) for each in requests], []),
        asked="(all answers, faults that the runner found with the plans)",
        case=case,
    )
    expect_equal(
        (allocator.num_available, engine.scheduler.memory_used, engine.scheduler.slot_of),
        (allocator.num_blocks, 0, {}),
        asked="(pages that can be had, memory used, slots): an idle engine uses nothing",
        case=case,
    )


TEXT = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3, 8, 4]  # 20 tokens


@pytest.mark.task("12.2")
@pytest.mark.parametrize(("length", "pages"), [(1, 1), (3, 1), (4, 1), (5, 2), (8, 2), (9, 3)])
def test_a_prompt_has_its_pages(length: int, pages: int):
    engine, allocator, runner = serving()
    engine.add_request(ask("a", length, 1))
    engine.step()
    expect_equal(
        (len(runner.plans[0].tables[0]), runner.faults, allocator.num_available),
        (pages, [], 64),
        asked="(how many pages its table has, faults, pages that can be had once it has ended)",
        case=f"a prompt of {length} tokens, pages of 4",
    )


@pytest.mark.task("12.2")
def test_a_table_grows_when_its_last_page_is_full():
    engine, allocator, runner = serving()
    a = ask("a", 3, 7)
    serve(engine, a)
    got = [(plan.work[0].start, len(plan.tables[0])) for plan in runner.plans]
    expect_equal(
        got,
        [(0, 1), (3, 1), (4, 2), (5, 2), (6, 2), (7, 2), (8, 3)],
        asked="(position of the first token, pages) of each step: a page more when it is needed, and no sooner",
        case="a prompt of 3 tokens, 7 new ones, pages of 4",
    )
    right(engine, allocator, runner, [a], "the same")


@pytest.mark.task("12.2")
def test_a_whole_prompt_has_pages_from_the_start():
    engine, allocator, runner = serving(max_batched_tokens=5, max_running=2)
    engine.add_request(ask("a", 17, 1))
    engine.step()
    expect_equal(
        (brief(runner.plans[0]), len(runner.plans[0].tables[0]), allocator.num_available),
        ([("a", 0, 5)], 5, 59),
        asked="(the first plan, pages in the table, pages that can be had)",
        case="17 tokens are read 5 a step, pages of 4",
    )


@pytest.mark.task("12.2")
def test_pages_decide_how_many_run():
    engine, allocator, runner = serving(pages=9, max_running=8, headroom=1)
    requests = [ask(name, 8, 3) for name in "abcd"]
    for request in requests:
        engine.add_request(request)
    engine.step()
    expect_equal(
        [work.request_id for work in runner.plans[0].work],
        ["a", "b", "c"],
        asked="which run in the first step: 2 pages each, and 1 more of each that runs must be left",
        case="four prompts of 8 tokens, 9 pages of 4, headroom of 1 page",
    )
    drive(engine, "all")
    right(engine, allocator, runner, requests, "the same")


@pytest.mark.task("12.2")
@pytest.mark.parametrize(("pages", "run"), [(6, 2), (5, 1), (4, 1)])
def test_headroom_may_be_used_to_the_last_page(pages: int, run: int):
    engine, _, runner = serving(pages=pages, headroom=1)
    for name in "ab":
        engine.add_request(ask(name, 8, 2))
    engine.step()
    expect_equal(
        len(runner.plans[0].work),
        run,
        asked="how many run in the first step: pages needed and headroom may fill memory exactly",
        case=f"two prompts of 2 pages, {pages} pages, headroom of 1 page each",
    )


@pytest.mark.task("12.2")
def test_who_is_alone_needs_no_headroom():
    engine, allocator, runner = serving(pages=4, headroom=3, max_seq_len=16)
    a = ask("a", 13, 3)
    serve(engine, a)
    right(engine, allocator, runner, [a], "13 tokens and 3 new ones, which fill 4 pages of 4; headroom of 3 pages")


@pytest.mark.task("12.2")
def test_what_can_never_fit_is_refused():
    engine, _, _ = serving(pages=3, max_seq_len=64)
    expect_raises(
        ValueError,
        lambda: engine.add_request(ask("a", 9, 4)),
        asked="a ValueError: 13 tokens never fit into 3 pages of 4",
        case="a prompt of 9 with 4 new tokens",
    )
    b = ask("b", 9, 3)
    serve(engine, b)
    expect_equal(len(b.tokens), 3, asked="one that fits exactly is served", case="a prompt of 9 with 3 new tokens")


@pytest.mark.task("12.2")
def test_the_newest_goes_when_pages_run_out():
    engine, allocator, runner = serving(pages=5, headroom=0)
    a, b = ask("a", 7, 9), ask("b", 6, 8)
    events = serve(engine, a, b)
    gone = [event.request_id for event in events if isinstance(event, PreemptedEvent)]
    expect_equal(gone, ["b"], asked="which were sent back", case="a and b outgrow 5 pages of 4")
    right(engine, allocator, runner, [a, b], "a and b outgrow 5 pages of 4")


@pytest.mark.task("12.2")
def test_with_enough_pages_nobody_goes():
    engine, allocator, runner = serving(pages=8, headroom=0)
    requests = [ask("a", 7, 9), ask("b", 6, 10)]  # 16 tokens each: 4 pages, of which the last token needs none
    events = serve(engine, *requests)
    gone = [event.request_id for event in events if isinstance(event, PreemptedEvent)]
    expect_equal(gone, [], asked="which were sent back", case="two requests of 4 pages each, 8 pages")
    right(engine, allocator, runner, requests, "the same")


@pytest.mark.task("12.2")
def test_a_hit_is_an_entry_in_a_table():
    engine, allocator, runner = serving()
    a, b = ask("a", TEXT, 1), ask("b", [*TEXT[:12], 7, 7], 1)
    serve(engine, a)
    serve(engine, b)
    first, second = runner.plans
    expect_equal(
        (brief(second), second.tables[0][:3] == first.tables[0][:3], second.copies),
        ([("b", 12, 2)], True, ()),
        asked="(b's plan, whether its first three pages are a's, what is copied): nothing",
        case="a's 20 tokens were served; b begins with 12 of them",
    )
    right(engine, allocator, runner, [a, b], "the same")


@pytest.mark.task("12.2")
@pytest.mark.parametrize(("length", "found"), [(4, 0), (5, 4), (8, 4), (9, 8), (12, 8), (13, 12)])
def test_at_least_one_token_is_left_to_compute(length: int, found: int):
    engine, allocator, runner = serving()
    serve(engine, ask("a", TEXT, 1))
    b = ask("b", TEXT[:length], 1)
    serve(engine, b)
    expect_equal(
        brief(runner.plans[1]),
        [("b", found, length - found)],
        asked="the plan of a request with the first tokens of one that was served",
        case=f"{length} of 20 tokens, pages of 4",
    )
    right(engine, allocator, runner, [b], f"{length} of 20 tokens")


@pytest.mark.task("12.2")
def test_shared_pages_count_once():
    engine, allocator, runner = serving(pages=9, headroom=0, max_running=8)
    a = ask("a", TEXT[:17], 4)
    engine.add_request(a)
    engine.step()
    others = [ask(name, [*TEXT[:16], number], 3) for number, name in enumerate("bcd")]
    for each in others:
        engine.add_request(each)
    engine.step()
    expect_equal(
        (len(runner.plans[1].work), engine.scheduler.memory_used),
        (4, 4 * (4 + 4)),
        asked="(how many run, memory used): four pages for all, and one for each",
        case="four requests share 16 of their 17 tokens, 9 pages of 4",
    )
    drive(engine, "all")
    right(engine, allocator, runner, [a, *others], "the same")


@pytest.mark.task("12.2")
def test_a_found_page_that_nobody_uses_is_no_longer_to_be_had():
    engine, allocator, runner = serving(pages=6, headroom=0, max_running=4)
    serve(engine, ask("old", TEXT[:16], 1))  # its pages stay: 4 of 6
    a = ask("a", 4, 4)
    engine.add_request(a)
    engine.step()  # 5 can be had: one free, four of the old
    b = ask("b", [*TEXT[:16], 7, 7, 7, 7, 7], 1)  # 4 found, 2 more
    engine.add_request(b)
    engine.step()
    expect_equal(
        [work.request_id for work in runner.plans[-1].work],
        ["a"],
        asked="which run: b finds 4 pages and needs 2 more, and there is 1 that is neither used nor found",
        case="6 pages: a uses one, four hold what b begins with, one is free",
    )
    drive(engine, "all")
    right(engine, allocator, runner, [a, b], "the same")


@pytest.mark.task("12.2")
@pytest.mark.parametrize(("first", "second"), [("a", "b"), ("", "b"), ("a", ""), ("a", "a")])
def test_tenants_share_nothing(first: str, second: str):
    engine, allocator, runner = serving()
    serve(engine, ask("a", TEXT, 1, cache_salt=first))
    b = ask("b", [*TEXT[:12], 7, 7], 1, cache_salt=second)
    serve(engine, b)
    expect_equal(
        brief(runner.plans[1]),
        [("b", 12, 2)] if first == second else [("b", 0, 14)],
        asked="b's plan: what was computed for one tenant is not there for another",
        case=f"a was served for tenant {first!r}; b begins with 12 of its tokens, for tenant {second!r}",
    )
    right(engine, allocator, runner, [b], "the same")


@pytest.mark.task("12.2")
def test_no_more_go_than_must():
    engine, allocator, runner = serving(pages=6, headroom=0)
    requests = [ask("a", 8, 4), ask("b", 5, 3), ask("c", 5, 3)]
    events = serve(engine, *requests)
    gone = [event.request_id for event in events if isinstance(event, PreemptedEvent)]
    expect_equal(gone, ["c"], asked="which were sent back", case="a needs a seventh page; c has two, and so has b")
    right(engine, allocator, runner, requests, "the same")


@pytest.mark.task("12.2")
def test_who_is_sent_back_finds_its_pages_again():
    engine, allocator, runner = serving(pages=7, headroom=0, max_batched_tokens=16)
    a, b = ask("a", 9, 6), ask("b", 9, 9)
    events = serve(engine, a, b)
    place = next(number for number, plan in enumerate(runner.plans) if plan.preempted)
    back = next(work for plan in runner.plans[place:] for work in plan.work if work.request_id == "b")
    gone = [event.request_id for event in events if isinstance(event, PreemptedEvent)]
    expect_equal(
        (gone, back.start, len(back.tokens)),
        (["b"], 12, 1),
        asked="(which are sent back, where b begins again, with how many tokens): the first 12 of 13 fill three pages",
        case="a and b outgrow 7 pages of 4 when b has 9 tokens and 4 new ones; a ends one step later",
    )
    right(engine, allocator, runner, [a, b], "a and b outgrow 7 pages of 4")


@pytest.mark.task("12.3")
def test_full_pages_are_published_and_half_ones_are_not():
    engine, allocator, _ = serving(max_batched_tokens=6)
    engine.add_request(ask("a", TEXT, 4))
    seen = []
    for _ in range(4):
        engine.step()
        seen.append(len(allocator.match(TEXT)))
    expect_equal(
        seen, [1, 3, 4, 5], asked="how many pages are found after each step", case="20 tokens, 6 a step, pages of 4"
    )
    drive(engine, "its end")
    expect_equal(
        counts(allocator),
        (59, 5, 0),
        asked="(free, kept, in use) at its end: the sixth page is not full, and free again",
        case="20 tokens, and 3 more that are computed, pages of 4",
    )


@pytest.mark.task("12.3")
def test_answers_are_published_too():
    engine, allocator, runner = serving()
    a = ask("a", TEXT[:5], 9)
    serve(engine, a)
    b = ask("b", [*TEXT[:5], *a.tokens, 7, 7], 1)
    serve(engine, b)
    expect_equal(
        brief(runner.plans[-1]),
        [("b", 12, 4)],
        asked="the plan of the next turn: of 5 + 9 tokens 13 were computed, the last one never",
        case="a prompt of 5 with an answer of 9; the next prompt is both and 2 more",
    )
    right(engine, allocator, runner, [a, b], "the same")


@pytest.mark.task("12.3")
def test_a_broken_step_publishes_nothing():
    engine, allocator, runner = serving(broken=[1])
    a, b = ask("a", TEXT, 1), ask("b", TEXT, 1)
    serve(engine, a)
    between = len(allocator.match(TEXT))
    serve(engine, b)
    expect_equal(
        (a.finish_reason, between),
        (FinishReason.ERROR, 0),
        asked="(how a ends, pages found then)",
        case="a's step breaks; then b comes with the same tokens",
    )
    right(engine, allocator, runner, [b], "the same")


@pytest.mark.task("12.3")
def test_two_who_read_the_same_end_on_the_same_pages():
    engine, allocator, runner = serving()
    a, b = ask("a", TEXT[:10], 3), ask("b", [*TEXT[:8], 7, 7], 3)
    for each in (a, b):
        engine.add_request(each)
    engine.step()
    engine.step()
    first, second = runner.plans
    expect_equal(
        (
            len({*first.tables[0][:2]} & {*first.tables[1][:2]}),
            second.tables[0][:2] == second.tables[1][:2],
            engine.scheduler.memory_used,
        ),
        (0, True, 4 * 4),
        asked="(pages in common in the first step, whether both have the same two in the second, memory used)",
        case="a and b share 8 tokens and are read in one step, pages of 4",
    )
    drive(engine, "both")
    right(engine, allocator, runner, [a, b], "the same")


@pytest.mark.task("12.3")
def test_a_request_goes_on_with_what_others_have_published():
    engine, allocator, runner = serving(max_batched_tokens=26)
    a, b = ask("a", TEXT, 3), ask("b", [*TEXT[:16], 7, 7], 3)
    serve(engine, a, b)
    first, second = runner.plans[:2]
    expect_equal(
        (brief(first), brief(second), second.tables[1][:4] == second.tables[0][:4]),
        ([("a", 0, 20), ("b", 0, 6)], [("a", 20, 1), ("b", 16, 2)], True),
        asked="(the first plan, the second, whether b's first four pages are a's)",
        case="b has computed 6 of its tokens, 2 of its second page, when a's 20 are published",
    )
    right(engine, allocator, runner, [a, b], "the same")


@pytest.mark.task("12.3")
def test_the_last_page_is_left_to_compute():
    engine, allocator, runner = serving(max_batched_tokens=26)
    a, b = ask("a", TEXT, 3), ask("b", TEXT[:16], 3)
    serve(engine, a, b)
    expect_equal(
        brief(runner.plans[1]),
        [("a", 20, 1), ("b", 12, 4)],
        asked="the second plan: b has still to compute its last token, and shares no page that it writes to",
        case="b has computed 6 of its 16 tokens when a's 20, which begin with them, are published",
    )
    right(engine, allocator, runner, [a, b], "the same")


@pytest.mark.task("12.3")
def test_tenants_do_not_catch_up_with_each_other():
    engine, allocator, runner = serving(max_batched_tokens=22)
    a, b = ask("a", TEXT, 3), ask("b", [*TEXT[:16], 7, 7], 3, cache_salt="b")
    serve(engine, a, b)
    expect_equal(
        (brief(runner.plans[1]), {*runner.plans[1].tables[0]} & {*runner.plans[1].tables[1]}),
        ([("a", 20, 1), ("b", 2, 16)], set()),
        asked="(the second plan, pages in common)",
        case="a and b have 16 tokens in common, and are two tenants'",
    )
    right(engine, allocator, runner, [a, b], "the same")


def samples(prompt: Sequence[int], count: int, limit: int = 6) -> list[Request]:
    first = ask("s0", prompt, limit, seed=0)
    return [first, *(ask(f"s{n}", prompt, limit, seed=n, sample_of="s0") for n in range(1, count))]


@pytest.mark.task("12.3")
@pytest.mark.parametrize("length", [1, 3, 4, 5, 10])
def test_samples_share_a_prompt_and_write_to_copies(length: int):
    engine, allocator, runner = serving()
    requests = samples(TEXT[:length], 3)
    serve(engine, *requests)
    begins = {work.request_id: (work.start, len(work.tokens)) for plan in reversed(runner.plans) for work in plan.work}
    expect_equal(
        begins,
        {"s0": (0, length), "s1": (length - 1, 1), "s2": (length - 1, 1)},
        asked="(start, tokens) of each one's first step: the prompt is read once",
        case=f"three samples of a prompt of {length} tokens, pages of 4",
    )
    right(engine, allocator, runner, requests, f"three samples of a prompt of {length} tokens")


@pytest.mark.task("12.3")
def test_only_the_last_page_is_copied_and_only_if_it_is_shared():
    engine, allocator, runner = serving(max_running=3)
    requests = samples(TEXT[:10], 3)
    serve(engine, *requests)
    shown = [(number, len(plan.copies)) for number, plan in enumerate(runner.plans) if plan.copies]
    second = runner.plans[1]
    sources = {copy.source for copy in second.copies}
    expect_equal(
        (shown, sources, [copy.target for copy in second.copies]),
        ([(1, 2)], {second.tables[0][2]}, [second.tables[1][2], second.tables[2][2]]),
        asked="((step, copies) of plans that copy, what is copied, into which pages)",
        case="s1 and s2 begin with the three pages of s0, whose third is half full",
    )
    right(engine, allocator, runner, requests, "three samples of a prompt of 10 tokens")


@pytest.mark.task("12.3")
def test_the_first_sample_writes_to_a_copy_too():
    engine, allocator, runner = serving(max_running=2, max_batched_tokens=16)
    s0, s1 = samples(TEXT[:10], 2, limit=8)
    engine.add_request(s0)
    engine.step()
    engine.step()
    engine.add_request(s1)
    drive(engine, "both")
    right(engine, allocator, runner, [s0, s1], "s1 comes when s0 has two tokens; both write after position 9")


@pytest.mark.task("12.3")
def test_four_samples_take_little_more_than_one():
    engine, allocator, runner = serving(pages=200, size=16, max_seq_len=600, max_batched_tokens=600)
    requests = samples([(7 * place) % 250 for place in range(512)], 4, limit=32)
    for each in requests:
        engine.add_request(each)
    most = 0
    while engine.has_work:
        engine.step()
        most = max(most, engine.scheduler.memory_used // 16)
    expect_true(
        most <= 1.3 * 34,
        asked="pages in use at most, for four samples: 1.3 times the 34 that one needs",
        case="a prompt of 512 tokens, 32 new ones, pages of 16",
        got=f"{most}",
        expected=f"{1.3 * 34:.0f} at most",
    )
    right(engine, allocator, runner, requests, "four samples of 512 tokens")


@pytest.mark.task("12.3")
def test_a_sample_waits_while_the_prompt_is_read():
    engine, allocator, runner = serving(max_batched_tokens=9)
    requests = samples(TEXT[:15], 2)
    serve(engine, *requests)
    expect_equal(
        [brief(plan) for plan in runner.plans[:3]],
        [[("s0", 0, 9)], [("s0", 9, 6)], [("s0", 15, 1), ("s1", 14, 1)]],
        asked="the first three plans",
        case="a prompt of 15 tokens, 9 a step, two samples",
    )
    right(engine, allocator, runner, requests, "the same")


@pytest.mark.task("12.3")
def test_a_late_sample_shares_the_prompt_only():
    engine, allocator, runner = serving()
    s0, s1 = samples(TEXT[:6], 2, limit=12)
    engine.add_request(s0)
    for _ in range(6):
        engine.step()
    engine.add_request(s1)
    engine.step()
    expect_equal(
        (brief(runner.plans[-1])[-1], [len(table) for table in runner.plans[-1].tables]),
        (("s1", 5, 1), [3, 2]),
        asked="(s1's work, pages of s0 and s1): s0's third page has nothing of the prompt",
        case="s0 has a prompt of 6 tokens and 6 new ones, pages of 4; then s1 comes",
    )
    drive(engine, "both")
    right(engine, allocator, runner, [s0, s1], "the same")


@pytest.mark.task("12.3")
def test_a_sample_needs_a_page_for_its_copy():
    engine, allocator, runner = serving(pages=3, headroom=0)
    s0, s1 = samples(TEXT[:10], 2, limit=2)
    serve(engine, s0, s1)
    expect_equal(
        [work.request_id for work in runner.plans[1].work],
        ["s0"],
        asked="which run in the second step: s0 has all 3 pages, and s1 would write to the last of them",
        case="two samples of a prompt of 10 tokens, 3 pages of 4",
    )
    right(engine, allocator, runner, [s0, s1], "the same")


@pytest.mark.task("12.3")
def test_a_sample_that_comes_back_has_an_answer_of_its_own():
    engine, allocator, runner = serving(pages=6, headroom=0, max_running=2)
    requests = samples(TEXT[:6], 2, limit=14)
    events = serve(engine, *requests)
    gone = [event.request_id for event in events if isinstance(event, PreemptedEvent)]
    expect_equal(gone[:1], ["s1"], asked="which was sent back first", case="two samples outgrow 6 pages of 4")
    right(engine, allocator, runner, requests, "the same")


@pytest.mark.task("12.3")
def test_a_sample_of_a_sample():
    engine, allocator, runner = serving(max_running=3)
    requests = samples(TEXT[:10], 3)
    requests[2].sample_of = "s1"
    serve(engine, *requests)
    right(
        engine, allocator, runner, requests, "s1 is a sample of s0, and s2 one of s1, which has no page of its own yet"
    )


@pytest.mark.task("12.3")
def test_samples_that_come_between_interrupted_plans():
    engine, allocator, runner = serving()
    requests = samples(TEXT[:10], 4)
    for each in requests[:3]:
        engine.add_request(each)
    engine.step()
    requests[3].sample_of = "s1"
    engine.scheduler.plan()  # s1 and s2 begin in it; it is never run
    engine.add_request(requests[3])
    engine.scheduler.plan()  # nor is this one
    engine.abort("s0")
    drive(engine, "the others")
    expect_equal(
        ([each.tokens for each in requests[1:]], runner.faults, allocator.num_available),
        ([told_alone(each) for each in requests[1:]], [], 64),
        asked="(answers, faults that the runner found with the plans, pages that can be had at the end)",
        case="two plans are lost in which samples begin, and the first sample is aborted after them",
    )


@pytest.mark.task("12.3")
@pytest.mark.parametrize("what", ["has gone", "has another prompt", "is another tenant's"])
def test_a_sample_of_nobody_reads_by_itself(what: str):
    engine, allocator, runner = serving()
    s0 = ask("s0", TEXT[:10] if what != "has another prompt" else TEXT[1:11], 4, cache_salt="a")
    s1 = ask("s1", TEXT[:10], 4, seed=1, sample_of="s0", cache_salt="b" if what == "is another tenant's" else "a")
    engine.add_request(s0)
    engine.step()
    if what == "has gone":
        engine.abort("s0")
    engine.add_request(s1)
    drive(engine, what)
    expect_true(
        s1.tokens == told_alone(s1) and not runner.faults,
        asked="its own answer",
        case=f"a sample of a request that {what}",
        got=f"{s1.tokens}, {runner.faults}",
        expected=f"{told_alone(s1)}",
    )
    expect_equal(allocator.num_available, 64, asked="pages that can be had at the end", case=what)


@pytest.mark.task("12.3")
def test_an_interrupted_plan_copies_again():
    engine, allocator, runner = serving()
    requests = samples(TEXT[:10], 2)
    for each in requests:
        engine.add_request(each)
    engine.step()
    lost = engine.scheduler.plan()  # and then somebody pressed Ctrl-C
    drive(engine, "it goes on")
    assert isinstance(lost, PagedPlan)
    expect_equal(
        (len(lost.copies), {*lost.copies} <= {*runner.plans[1].copies}),
        (1, True),
        asked="(copies of the plan that was lost, whether the next one makes them)",
        case="the plan in which s1 begins is made and never run",
    )
    right(engine, allocator, runner, requests, "the same")


@pytest.mark.task("12.3")
def test_a_copy_of_what_is_still_to_be_copied():
    engine, allocator, runner = serving()
    s0, s1, s2 = samples(TEXT[:10], 3, limit=8)
    for each in (s0, s1):
        engine.add_request(each)
    engine.step()
    engine.scheduler.plan()  # never run: s1 has begun
    engine.scheduler.plan()  # never run: s0 has a page of its own now, and nothing is in it
    engine.add_request(s2)  # begins with the pages of s0
    engine.scheduler.plan()
    drive(engine, "all")
    right(engine, allocator, runner, [s0, s1, s2], "three plans are lost; each has made copies of copies")


@pytest.mark.task("12.3")
@pytest.mark.parametrize("who", ["s0", "s1"])
def test_an_abort_forgets_its_copy(who: str):
    engine, allocator, runner = serving(broken=[2])
    requests = samples(TEXT[:10], 2)
    for each in requests:
        engine.add_request(each)
    engine.step()
    engine.scheduler.plan()  # s1 has begun, its copy is not made
    engine.abort(who)
    drive(engine, "the other one ends with an error")
    expect_equal(
        (allocator.num_available, runner.faults),
        (64, []),
        asked="(pages that can be had at the end, faults)",
        case=f"{who} is aborted before the copy for s1 is made, and the next step breaks",
    )


@pytest.mark.task("12.3")
@settings(max_examples=100)
@given(data=st.data())
def test_any_traffic(data: st.DataObject):
    size = data.draw(st.sampled_from([1, 2, 3, 4, 8]), label="page size")
    names = {"good": None, "same": lambda *_: b"x", "few": lambda parent, tokens, salt: bytes([sum(tokens) % 3 + 1])}
    name = data.draw(st.sampled_from(sorted(names)), label="names")
    slots = data.draw(st.integers(1, 5), label="slots")
    engine, allocator, runner = serving(
        pages=-(-data.draw(st.integers(30, 90), label="memory") // size),
        size=size,
        hash=names[name],
        broken=data.draw(st.lists(st.integers(1, 40), max_size=2), label="broken steps"),
        max_running=slots,
        max_batched_tokens=slots + data.draw(st.sampled_from([0, 1, 4, 20]), label="budget above slots"),
        max_seq_len=30,
        headroom=data.draw(st.integers(0, 2), label="headroom"),
    )
    requests, events = list[Request](), list[Event]()
    for index in range(data.draw(st.integers(1, 8), label="requests")):
        limit = data.draw(st.integers(1, 9), label="limit")
        if requests and data.draw(st.booleans(), label="a sample"):
            other = data.draw(st.sampled_from(requests), label="of")
            salt = other.cache_salt
            requests.append(ask(f"{index}", other.prompt, limit, seed=index, sample_of=other.id, cache_salt=salt))
        else:
            shared = data.draw(st.integers(0, 14), label="shared tokens")
            own = data.draw(st.lists(st.integers(0, 2), min_size=1, max_size=6), label="own tokens")
            salt = data.draw(st.sampled_from(["", "b"]), label="salt")
            requests.append(ask(f"{index}", [*TEXT[:shared], *own], limit, seed=index, cache_salt=salt))
        engine.add_request(requests[-1])
        for _ in range(data.draw(st.integers(0, 3), label="steps")):
            events += engine.step()
        if data.draw(st.integers(0, 4), label="a lost plan") == 0:
            engine.scheduler.plan()
        alive = [each.id for each in requests if not each.is_finished]
        if alive and data.draw(st.integers(0, 4), label="abort") == 0:
            engine.abort(data.draw(st.sampled_from(alive), label="who"))
    case = f"{len(requests)} requests, {allocator.num_blocks} pages of {size}, {slots} slots, {name} names"
    events += drive(engine, case)
    ends = sorted(event.request_id for event in events if isinstance(event, FinishedEvent))
    expect_equal(ends, sorted(each.id for each in requests), asked="each request ends exactly once", case=case)
    expect_equal(runner.faults, [], asked="faults that the runner found with the plans", case=case)
    for request in requests:
        whole = told_alone(request)
        complete = request.finish_reason is FinishReason.LENGTH
        expect_equal(
            request.tokens,
            whole if complete else whole[: len(request.tokens)],
            asked="pages change where keys lie, never what is said",
            case=f"{case}; request {request.id}, {request.finish_reason}",
        )
    expect_equal(
        (allocator.num_available, engine.scheduler.slot_of),
        (allocator.num_blocks, {}),
        asked="(pages that can be had, slots): an idle engine uses nothing",
        case=case,
    )


# Task 12.4


def filled(seed: int, shape: tuple[int, ...]) -> mx.array:
    return mx.array(np.random.default_rng(seed).standard_normal(shape).astype(np.float32))


def layer(num_blocks: int = 8, heads: int = 2, size: int = 4, width: int = 8) -> PagedKvCache:
    cache = PagedKvCache(num_blocks, heads, size, width, mx.float32)
    cache.keys, cache.values = filled(1, cache.keys.shape), filled(2, cache.values.shape)
    return cache


def plan_of(*works: tuple[str, int, Sequence[int], Sequence[int]]) -> PagedPlan:
    """A plan of (request, start, tokens, table); slots in the order given."""
    work = tuple(Work(name, slot, start, tokens, 1, GREEDY) for slot, (name, start, tokens, _) in enumerate(works))
    return PagedPlan(work, (), tuple(tuple(table) for *_, table in works))


def tables_of(plan: PagedPlan) -> dict[str, tuple[int, ...]]:
    return {work.request_id: table for work, table in zip(plan.work, plan.tables, strict=True)}


@pytest.mark.task("12.4")
def test_where_each_token_goes():
    plan = plan_of(("a", 9, [1], [7, 2, 5]), ("b", 2, [1, 2, 3, 4, 5], [0, 6]), ("c", 3, [9], [4]))
    pages, offsets = places(pack(plan), tables_of(plan), 4)
    expect_equal(
        (pages, offsets),
        ([5, 4, 0, 0, 6, 6, 6], [1, 3, 2, 3, 0, 1, 2]),
        asked="(pages, offsets) of the packed tokens: rows first, then segments",
        case="a at 9 in [7, 2, 5], c at 3 in [4], b from 2 to 6 in [0, 6], pages of 4",
    )


@pytest.mark.task("12.4")
def test_a_table_that_is_too_short():
    plan = plan_of(("a", 3, [1, 2], [7]))
    expect_raises(
        ValueError,
        lambda: places(pack(plan), tables_of(plan), 4),
        asked="a ValueError that names the request",
        case="a writes to positions 3 and 4, and has one page of 4",
        mentions=["a"],
    )
    places(pack(plan_of(("a", 2, [1, 2], [7]))), {"a": (7,)}, 4)  # filled exactly


@pytest.mark.task("12.4")
def test_tokens_are_written_to_their_places_only():
    cache = layer()
    wanted = {kind: np.array(getattr(cache, kind)) for kind in ("keys", "values")}
    keys, values = filled(3, (3, 2, 8)), filled(4, (3, 2, 8))
    for token, (page, offset) in enumerate([(5, 1), (4, 3), (0, 2)]):
        wanted["keys"][page, :, offset] = np.array(keys[token])
        wanted["values"][page, :, offset] = np.array(values[token])
    cache.write(mx.array([5, 4, 0]), mx.array([1, 3, 2]), keys, values)
    for kind in ("keys", "values"):
        wrong = np.argwhere((np.array(getattr(cache, kind)) != wanted[kind]).any(axis=(1, 3))).tolist()
        expect_equal(wrong, [], asked=f"(page, offset) whose {kind} are not what they should be", case="three tokens")


@pytest.mark.task("12.4")
@pytest.mark.parametrize("copies", [[], [(3, 1)], [(3, 1), (3, 6), (0, 2)]], ids=["none", "one", "three"])
def test_pages_are_copied_whole(copies: list[tuple[int, int]]):
    cache = layer()
    wanted = {kind: np.array(getattr(cache, kind)) for kind in ("keys", "values")}
    for kind in ("keys", "values"):
        for source, target in copies:
            wanted[kind][target] = np.array(getattr(layer(), kind))[source]
    cache.copy([PageCopy(*each) for each in copies])
    for kind in ("keys", "values"):
        wrong = np.flatnonzero((np.array(getattr(cache, kind)) != wanted[kind]).any(axis=(1, 2, 3))).tolist()
        expect_equal(wrong, [], asked=f"pages whose {kind} are not what they should be", case=f"copies {copies}")


@pytest.mark.task("12.4")
@pytest.mark.parametrize(("num_blocks", "size"), [(0, 4), (4, 0)])
def test_no_pages_at_all(num_blocks: int, size: int):
    layer()
    cache = PagedKvCache(2, 1, 2, 8, mx.float32)
    cache.copy([])
    cache.write(mx.array([1]), mx.array([0]), filled(1, (1, 1, 8)), filled(2, (1, 1, 8)))
    expect_raises(
        ValueError,
        lambda: PagedKvCache(num_blocks, 1, size, 8, mx.float32),
        asked="a ValueError",
        case=f"{num_blocks} pages of {size}",
    )


@pytest.mark.task("12.4")
def test_pages_in_one_piece():
    pages = filled(1, (6, 2, 4, 3))
    got = gather(pages, mx.array([[5, 0], [2, 2]]))
    wanted = np.stack([np.concatenate([np.array(pages)[n] for n in row], axis=1) for row in ([5, 0], [2, 2])])
    expect_equal(
        got.shape, (2, 2, 8, 3), asked="the shape: rows, heads, positions, width", case="tables [5, 0], [2, 2]"
    )
    expect_true(np.array_equal(np.array(got), wanted), asked="each row's pages side by side", case="[5, 0] and [2, 2]")


def alone(q: mx.array, keys: mx.array, values: mx.array, table: Sequence[int], length: int) -> mx.array:
    """What one row reads whose keys lie in one piece: (Hq, Dh)."""
    piece = [
        mx.concatenate([each[page] for page in table[: -(-length // 4)]], axis=1)[None, :, :length]
        for each in (keys, values)
    ]
    return attention(q[None, None], piece[0], piece[1])[0, 0]


READS = {
    "one row": ([[3, 0]], [6]),
    "one key": ([[3]], [1]),
    "a full page": ([[3, 0], [1, 4]], [8, 4]),
    "unequal lengths": ([[3, 0, 6], [5], [2, 7]], [11, 2, 5]),
    "tables that are longer than needed": ([[3, 0, 2**30], [5, -7, 2**30], [2, 7, -1]], [5, 2, 8]),
    "shared pages": ([[3, 0, 6], [3, 0, 5], [3, 1]], [9, 11, 7]),
}


@pytest.mark.task("12.4")
@pytest.mark.parametrize("name", READS, ids=[name.replace(" ", "-") for name in READS])
def test_rows_read_as_if_their_keys_lay_in_one_piece(name: str):
    tables, lengths = READS[name]
    cache, q = layer(), filled(5, (len(tables), 4, 8))
    got = gathering_reader(tables, lengths, 4)(q, cache.keys, cache.values)
    expect_equal(got.shape, q.shape, asked="the shape, (B, Hq, Dh)", case=name)
    for row, (table, length) in enumerate(zip(tables, lengths, strict=True)):
        off = float(mx.max(mx.abs(got[row] - alone(q[row], cache.keys, cache.values, table, length))))
        expect_true(off < 1e-6, asked=f"what row {row} reads alone", case=name, got=f"off by {off:.2g}", expected="0")
    kits = page_reader(tables, lengths, 4)(q, cache.keys, cache.values)
    off = float(mx.max(mx.abs(got - kits)))
    expect_true(off < 2e-5, asked="what the kit's reader reads", case=name, got=f"off by {off:.2g}", expected="0")


@pytest.mark.task("12.4")
def test_nobody_looks_behind_their_length():
    cache, q = layer(), filled(5, (2, 4, 8))
    tables, lengths = [[3, 0, 6], [5, 6, 6]], [5, 2]
    wanted = gathering_reader(tables, lengths, 4)(q, cache.keys, cache.values)
    for page, first in ((0, 1), (6, 0), (5, 2)):
        cache.keys[page, :, first:], cache.values[page, :, first:] = 1e4, 1e4
    got = gathering_reader(tables, lengths, 4)(q, cache.keys, cache.values)
    expect_true(
        mx.array_equal(got, wanted),
        asked="the same, whatever lies after a row's last position",
        case="rows of 5 and 2 positions; all after them is spoiled",
    )


@pytest.mark.task("12.4")
def test_rows_and_segments_in_one_step():
    plan = plan_of(("a", 9, [1], [7, 2, 5]), ("b", 1, [1, 2, 3, 4, 5], [0, 6]), ("c", 3, [9], [4]))
    packed, cache = pack(plan), layer()
    before = [mx.array(np.array(each)) for each in (cache.keys, cache.values)]
    q, k, v = filled(6, (7, 4, 8)), filled(7, (7, 2, 8)), filled(8, (7, 2, 8))
    got = paged_attend(packed, tables_of(plan), [cache], gathering_reader)(0, q, k, v)
    pieces = {}
    for name, table in tables_of(plan).items():
        pieces[name] = [np.concatenate([np.array(each)[page] for page in table], axis=1) for each in before]
    where = [("a", 9), ("c", 3), *(("b", position) for position in range(1, 6))]
    for token, (name, position) in enumerate(where):
        for piece, new in zip(pieces[name], (k, v), strict=True):
            piece[:, position] = np.array(new[token])
    for token, (name, position) in enumerate(where):
        keys, values = (mx.array(piece)[None, :, : position + 1] for piece in pieces[name])
        off = float(mx.max(mx.abs(got[token] - attention(q[token][None, None], keys, values)[0, 0])))
        expect_true(
            off < 1e-6,
            asked="each token reads what its request has stored up to it, itself included",
            case=f"rows a and c, a segment b; token at {position} of {name}",
            got=f"off by {off:.2g}",
            expected="0",
        )


@pytest.mark.task("12.4")
def test_every_layer_has_its_own_pages():
    plan, caches = plan_of(("a", 0, [1, 2, 3], [1])), [layer(), layer()]
    caches[1].keys = mx.zeros(caches[1].keys.shape)
    attend = paged_attend(pack(plan), tables_of(plan), caches, gathering_reader)
    q, k = filled(6, (3, 4, 8)), filled(7, (3, 2, 8))
    attend(1, q, k, k)
    expect_true(
        mx.array_equal(caches[1].keys[1, :, :3], k.swapaxes(0, 1)) and mx.array_equal(caches[0].keys, layer().keys),
        asked="layer 1 writes to the second cache, and to no other",
        case="three tokens in page 1",
    )


def real(pages: int, size: int, **options: Any) -> Engine:
    limits = {"max_running": 4, "max_seq_len": 64, "max_batched_tokens": 16, **options}
    return Engine(
        PagedScheduler(BlockAllocator(pages, size), **limits),
        PagedRunner(MODEL, num_blocks=pages, block_size=size, reader=gathering_reader),
    )


def as_alone(requests: Sequence[Request], case: str) -> None:
    for request in requests:
        oracle = serve_alone(MODEL, request.prompt, request.max_tokens)
        problem = agrees(request.tokens, oracle)
        expect_true(
            problem is None,
            asked="each request gets the tokens that it would get alone",
            case=f"{case}; request {request.id}",
            got=f"{request.tokens}: {problem}",
            expected=str(oracle.tokens),
        )


@pytest.mark.task("12.4")
@pytest.mark.parametrize("size", [1, 4, 7])
def test_a_real_model_on_pages(size: int):
    engine = real(120, size)
    requests = [ask(f"{n}", TEXT[: 5 + 4 * n], 8) for n in range(4)]
    serve(engine, *requests)
    follow = [ask("4", [*TEXT[:17], *requests[3].tokens, 7], 6), ask("5", [*TEXT[:9], 8, 8], 6)]
    serve(engine, *follow)
    as_alone([*requests, *follow], f"pages of {size}")


@pytest.mark.task("12.4")
def test_a_real_model_that_is_short_of_pages():
    engine = real(12, 4, headroom=0, max_batched_tokens=9)
    requests = [ask(f"{n}", [*TEXT[: 4 + 3 * (n % 4)], n], 10) for n in range(7)]
    requests.append(Request("s", requests[3].prompt, 10, sample_of="3"))
    events = serve(engine, *requests)
    expect_true(
        any(isinstance(event, PreemptedEvent) for event in events),
        asked="there are too few pages for all: a request is sent back",
        case="eight requests, 12 pages of 4",
        got="nobody",
        expected="somebody",
    )
    as_alone(requests, "12 pages of 4, 9 tokens a step")
    expect_equal(
        {request.state for request in requests}, {RequestState.FINISHED}, asked="everybody's state", case="at the end"
    )


# Tasks 12.5 and 12.6

BODIES = {"metal": metal_body, "cuda": cuda_body}
TURNS = (("forward", "large"), ("backward", "nan"))
"""In which order the threads take their turns, and what memory holds that nobody has written."""


@dataclass(frozen=True)
class Case:
    """What a kernel is given, as numpy arrays; `asked` and `words` say it to a student."""

    asked: str
    words: str
    q: np.ndarray
    keys: np.ndarray
    values: np.ndarray
    tables: np.ndarray
    lengths: np.ndarray
    tolerance: float = 1e-5

    def arrays(self) -> list[mx.array]:
        return [mx.array(each) for each in (self.q, self.keys, self.values, self.tables, self.lengths)]


def case(
    asked: str,
    lengths: Sequence[int],
    *,
    heads: tuple[int, int] = (2, 2),
    width: int = 64,
    size: int = 16,
    shuffled: bool = False,
    even: bool = False,
    dtype: Any = np.float32,
    words: str = "",
) -> Case:
    """Random queries, keys and values; pages of `size` positions in order, or shuffled. After a row's last page: 0.

    even: queries are 0, so all scores are equal: what is asked is where values are read, whatever the softmax.
    """
    rng = np.random.default_rng(12)
    counts = [-(-length // size) for length in lengths]
    pages, widest = sum(counts) + 2, max(counts) + 2
    numbers = rng.permutation(pages) if shuffled else np.arange(pages)
    tables = np.zeros((len(lengths), widest), np.int32)
    for row, count in enumerate(counts):
        tables[row, :count] = numbers[sum(counts[:row]) :][:count]
    keys, values = (rng.normal(size=(pages, heads[1], size, width)).astype(dtype) for _ in "kv")
    q = rng.normal(size=(len(lengths), heads[0], width)).astype(dtype) * (0 if even else 1)
    about = f"lengths {list(lengths)}, pages of {size}, {heads[0]} query and {heads[1]} KV heads of {width}"
    full = "; ".join(filter(None, (words, about, "queries are 0, so the mean of the values is right" if even else "")))
    return Case(asked, full, q, keys, values, tables, np.array(lengths, np.int32))


def with_scores(asked: str, scores: Sequence[float], words: str) -> Case:
    """One row and head whose scores, after the scale, are these, in order of positions."""
    made = case(asked, [len(scores)], heads=(1, 1), words=words)
    made.q[:], made.keys[:] = 0, 0
    made.q[0, 0, 0] = 8  # times 64^-0.5 is 1
    for position, score in enumerate(scores):
        made.keys[made.tables[0, position // 16], 0, position % 16, 0] = score
    return replace(made, tolerance=1e-4)


def by_numpy(given: Case) -> np.ndarray:
    """Attention, row by row and head by head, in double precision."""
    q, keys, values = (each.astype(np.float64) for each in (given.q, given.keys, given.values))
    out = np.zeros_like(q)
    size, share = keys.shape[2], q.shape[1] // keys.shape[1]
    for row, length in enumerate(given.lengths):
        pages = given.tables[row, : -(-length // size)]
        for head in range(q.shape[1]):
            k = keys[pages, head // share].reshape(-1, q.shape[2])[:length]
            v = values[pages, head // share].reshape(-1, q.shape[2])[:length]
            scores = k @ q[row, head] * q.shape[2] ** -0.5
            weights = np.exp(scores - scores.max())
            out[row, head] = weights @ v / weights.sum()
    return out


def kernel_agrees(language: str, given: Case, turns: Sequence[tuple[str, str]] = TURNS) -> None:
    """Fail unless the kernel of a language says what numpy says, on the shim in each order, then on its GPU."""
    BODIES[language]()  # a hole is a hole, with or without a compiler
    gpu = {"metal": mx.metal, "cuda": mx.cuda}[language].is_available()
    if missing_compiler() and not gpu:
        pytest.skip(missing_compiler())
    for order, poison in () if missing_compiler() else turns:
        words = f"{given.words}; threads take turns {order}"
        try:
            got = paged_decode_on_shim(language, *given.arrays(), order=order, poison=poison)
        except KernelError as error:
            raise Mismatch(given.asked, words, str(error), "a kernel that compiles, and ends well") from error
        compare(given, words, got)
    if gpu:
        agrees_on_gpu(given)


def agrees_on_gpu(given: Case) -> None:
    before, words = mx.default_device(), f"{given.words}; on the GPU"
    mx.set_default_device(mx.gpu)
    try:
        got = paged_decode(*given.arrays())
        mx.eval(got)
    except RuntimeError as error:
        raise Mismatch(given.asked, words, str(error)[:1200], "a kernel that compiles, and ends well") from error
    finally:
        mx.set_default_device(before)
    # A GPU's exp and its order of sums are its own.
    compare(replace(given, tolerance=max(1e-4, given.tolerance)), words, got)


def compare(given: Case, words: str, got: mx.array) -> None:
    expected = by_numpy(given)
    said = np.array(got.astype(mx.float32)).astype(np.float64)
    off = np.abs(said - expected)
    off[np.isnan(off)] = np.inf
    row, head, place = np.unravel_index(int(off.argmax()), off.shape)
    wrong = sorted({(int(b), int(h)) for b, h, _ in np.argwhere(off > given.tolerance)})
    expect_true(
        not wrong,
        asked=given.asked,
        case=words,
        got=f"row {row}, head {head} is off by {off[row, head, place]:.3g} at [{place}]: {said[row, head, place]:.6g}. "
        f"Wrong (row, head): {', '.join(map(str, wrong[:6]))}{' …' if len(wrong) > 6 else ''}, "
        f"of {off.shape[0] * off.shape[1]}",
        expected=f"{expected[row, head, place]:.6g}, and everything within {given.tolerance:g} of numpy",
    )


# What is asked of both kernels


def plain() -> Case:
    return case("attention of one query to one full page: softmax of q · k / √Dh, then the values", [16], heads=(1, 1))


def of_width(width: int) -> Case:
    return case("heads of any width that 32 divides, each with its own scale", [16], heads=(1, 1), width=width)


def of_block_size(size: int) -> Case:
    return case("pages of any size", [3 * size], heads=(1, 1), size=size, even=True)


def at_borders() -> Case:
    return case(
        "each row sees as many positions as its length says, whether its last page is full or not",
        [15, 16, 17, 1, 70, 33],
        even=True,
    )


def one_position() -> Case:
    asked = "a row that sees one position gets that position's value"
    return case(asked, [1, 1], even=True, words="most simdgroups get none")


def own_pages() -> Case:
    asked = "position p of row b stands in page tables[b, p / block_size], in whatever order the pages lie"
    return case(asked, [48, 32, 64], shuffled=True, even=True, words="pages shuffled")


def shared_pages() -> Case:
    made = case("rows may share pages", [48, 48, 32], even=True, words="all rows have the first two pages of row 0")
    made.tables[1, :2] = made.tables[2, :2] = made.tables[0, :2]
    return made


def garbage_behind(entry: int) -> Case:
    asked = "an entry of a table after the last page is never followed"
    made = case(asked, [16, 40, 1], even=True, words=f"it says {entry}")
    for row, length in enumerate(made.lengths):
        made.tables[row, -(-length // 16) :] = entry
    return made


def somebody_elses_rest() -> Case:
    asked = "what stands in the last page after the last position counts for nothing"
    made = case(asked, [5, 18], words="it is large")
    for row, length in enumerate(made.lengths):
        last = made.tables[row, (length - 1) // 16]
        made.keys[last, :, (length - 1) % 16 + 1 :] = 1000 * np.sign(made.q[row])[:, None]
        made.values[last, :, (length - 1) % 16 + 1 :] = 1000
    return made


def of_heads(heads: int, kv_heads: int) -> Case:
    return case("query head h reads KV head h / (Hq / Hkv)", [16, 16], heads=(heads, kv_heads), even=True)


def own_queries() -> Case:
    return case("row b and query head h read the query q[b, h]", [16, 16, 16], heads=(2, 1))


def large_scores(about: float) -> Case:
    scores = [about + each for each in np.linspace(-1, 1, 32)]
    return with_scores("the maximum is subtracted before exp", scores, f"all scores are near {about:g}")


def moving(shape: str) -> Case:
    asked = "when the maximum rises, what was summed before is rescaled, in the loop and where simdgroups meet"
    up = np.linspace(-150, 150, 64)
    peak = np.where(np.arange(64) == 37, 100.0, np.linspace(1, -1, 64))
    scores = {"rising": up, "falling": up[::-1], "peak": peak, "gently": np.linspace(-3, 3, 64)}[shape]
    return with_scores(
        asked, [float(each) for each in scores], f"scores are {shape}, {scores[0]:.3g} to {scores[-1]:.3g}"
    )


def in_half() -> Case:
    made = case("float16 comes in and goes out", [16, 17, 1], dtype=np.float16, words="float16")
    return replace(made, tolerance=2e-3)


def summed_in_half() -> Case:
    asked = "sums are kept in float32, whatever the dtype: float16 ends at 65504, and has three digits"
    made = case(asked, [1600], heads=(1, 1), width=128, dtype=np.float16, words="float16")
    made.q[:], made.keys[:], made.values[:] = 30, 30, 0.3
    return replace(made, tolerance=2e-3)


def everything() -> Case:
    made = case("all of it at once", [1, 31, 100, 7, 257], heads=(6, 2), width=96, size=8, shuffled=True)
    made.tables[2, :1] = made.tables[4, :1]
    for row, length in enumerate(made.lengths):
        made.tables[row, -(-length // 8) :] = -1
    return made


ALL_TURNS = [(order, poison) for order in ("forward", "backward") for poison in ("large", "nan")]


# Task 12.5: Metal


@pytest.mark.task("12.5")
def test_metal_attends():
    kernel_agrees("metal", plain())


@pytest.mark.task("12.5")
@pytest.mark.parametrize("width", [32, 128, 256])
def test_metal_heads_of_any_width(width: int):
    kernel_agrees("metal", of_width(width))


@pytest.mark.task("12.5")
@pytest.mark.parametrize("size", [1, 5, 32])
def test_metal_pages_of_any_size(size: int):
    kernel_agrees("metal", of_block_size(size))


@pytest.mark.task("12.5")
def test_metal_sees_as_far_as_its_length():
    kernel_agrees("metal", at_borders())


@pytest.mark.task("12.5")
def test_metal_one_position_is_enough():
    kernel_agrees("metal", one_position())


@pytest.mark.task("12.5")
def test_metal_reads_its_own_pages():
    kernel_agrees("metal", own_pages())


@pytest.mark.task("12.5")
def test_metal_rows_share_pages():
    kernel_agrees("metal", shared_pages())


@pytest.mark.task("12.5")
@pytest.mark.parametrize("entry", [-1, 1 << 20])
def test_metal_follows_no_entry_behind_the_last_page(entry: int):
    kernel_agrees("metal", garbage_behind(entry))


@pytest.mark.task("12.5")
def test_metal_rest_of_the_last_page_counts_for_nothing():
    kernel_agrees("metal", somebody_elses_rest())


@pytest.mark.task("12.5")
@pytest.mark.parametrize(("heads", "kv_heads"), [(3, 3), (6, 2), (4, 1)], ids=["one-each", "grouped", "one-for-all"])
def test_metal_heads_read_their_kv_head(heads: int, kv_heads: int):
    kernel_agrees("metal", of_heads(heads, kv_heads))


@pytest.mark.task("12.5")
def test_metal_heads_read_their_query():
    kernel_agrees("metal", own_queries())


@pytest.mark.task("12.5")
@pytest.mark.parametrize("about", [500, -500])
def test_metal_large_scores_do_not_overflow(about: float):
    kernel_agrees("metal", large_scores(about))


@pytest.mark.task("12.5")
@pytest.mark.parametrize("shape", ["rising", "falling", "peak", "gently"])
def test_metal_rescales_when_the_maximum_moves(shape: str):
    kernel_agrees("metal", moving(shape))


@pytest.mark.task("12.5")
def test_metal_half():
    kernel_agrees("metal", in_half())


@pytest.mark.task("12.5")
def test_metal_sums_in_float():
    kernel_agrees("metal", summed_in_half())


@pytest.mark.task("12.5")
def test_metal_in_any_order():
    kernel_agrees("metal", replace(plain(), asked="the same result in whatever order threads run: barriers"), ALL_TURNS)


@pytest.mark.task("12.5")
def test_metal_everything_at_once():
    kernel_agrees("metal", everything(), ALL_TURNS)


# Task 12.6: CUDA


@pytest.mark.task("12.6")
def test_cuda_attends():
    kernel_agrees("cuda", plain())


@pytest.mark.task("12.6")
@pytest.mark.parametrize("width", [32, 128, 256])
def test_cuda_heads_of_any_width(width: int):
    kernel_agrees("cuda", of_width(width))


@pytest.mark.task("12.6")
@pytest.mark.parametrize("size", [1, 5, 32])
def test_cuda_pages_of_any_size(size: int):
    kernel_agrees("cuda", of_block_size(size))


@pytest.mark.task("12.6")
def test_cuda_sees_as_far_as_its_length():
    kernel_agrees("cuda", at_borders())


@pytest.mark.task("12.6")
def test_cuda_one_position_is_enough():
    kernel_agrees("cuda", one_position())


@pytest.mark.task("12.6")
def test_cuda_reads_its_own_pages():
    kernel_agrees("cuda", own_pages())


@pytest.mark.task("12.6")
def test_cuda_rows_share_pages():
    kernel_agrees("cuda", shared_pages())


@pytest.mark.task("12.6")
@pytest.mark.parametrize("entry", [-1, 1 << 20])
def test_cuda_follows_no_entry_behind_the_last_page(entry: int):
    kernel_agrees("cuda", garbage_behind(entry))


@pytest.mark.task("12.6")
def test_cuda_rest_of_the_last_page_counts_for_nothing():
    kernel_agrees("cuda", somebody_elses_rest())


@pytest.mark.task("12.6")
@pytest.mark.parametrize(("heads", "kv_heads"), [(3, 3), (6, 2), (4, 1)], ids=["one-each", "grouped", "one-for-all"])
def test_cuda_heads_read_their_kv_head(heads: int, kv_heads: int):
    kernel_agrees("cuda", of_heads(heads, kv_heads))


@pytest.mark.task("12.6")
def test_cuda_heads_read_their_query():
    kernel_agrees("cuda", own_queries())


@pytest.mark.task("12.6")
@pytest.mark.parametrize("about", [500, -500])
def test_cuda_large_scores_do_not_overflow(about: float):
    kernel_agrees("cuda", large_scores(about))


@pytest.mark.task("12.6")
@pytest.mark.parametrize("shape", ["rising", "falling", "peak", "gently"])
def test_cuda_rescales_when_the_maximum_moves(shape: str):
    kernel_agrees("cuda", moving(shape))


@pytest.mark.task("12.6")
def test_cuda_half():
    kernel_agrees("cuda", in_half())


@pytest.mark.task("12.6")
def test_cuda_sums_in_float():
    kernel_agrees("cuda", summed_in_half())


@pytest.mark.task("12.6")
def test_cuda_in_any_order():
    kernel_agrees("cuda", replace(plain(), asked="the same result in whatever order threads run: barriers"), ALL_TURNS)


@pytest.mark.task("12.6")
def test_cuda_everything_at_once():
    kernel_agrees("cuda", everything(), ALL_TURNS)
