"""Day 13 · Speculative batching: guesses that cost little, and answers in which they can't be seen."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, product
from typing import Any, SupportsIndex

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tiny_batch.acceptance import match
from tiny_batch.block_allocator import BlockAllocator
from tiny_batch.block_store import CachingRunner
from tiny_batch.caching import CachingScheduler
from tiny_batch.draft import DraftModel, DrawingRunner
from tiny_batch.engine import Engine, Event, FinishedEvent, PreemptedEvent, TokenEvent
from tiny_batch.guess_control import FixedGuesses, GuessControl, best_guesses, expected_tokens, verify_seconds
from tiny_batch.measured_guesses import FORGET, KEPT, LATEST, SOONEST, MeasuredGuesses, Record, StepPrices
from tiny_batch.paged_kv import PagedScheduler
from tiny_batch.paged_runner import PagedRunner
from tiny_batch.plan import StepPlan, Work
from tiny_batch.policies import PreemptiveScheduler
from tiny_batch.prefix_cache import PrefixCache
from tiny_batch.proposers import PromptLookup, Proposer, came_true
from tiny_batch.rejection import Rejection, accept, probabilities, residual, three_draws
from tiny_batch.request import FinishReason, Request, RequestState
from tiny_batch.roofline import decode_step_cost, kv_bytes_per_token
from tiny_batch.runner import MlxRunner, Runner
from tiny_batch.sampling import SamplingParams, sample_batch
from tiny_batch.speculative import (
    SpeculativeCachingScheduler,
    SpeculativePagedScheduler,
    SpeculativeScheduler,
    without_guesses,
)
from tiny_batch.speculative_runner import SpeculativeCachingRunner, SpeculativePagedRunner, SpeculativeRunner
from tiny_batch_kit.grading.expect import expect_close, expect_equal, expect_true
from tiny_batch_kit.machine.clocks import VirtualClock
from tiny_batch_kit.machine.hardware import Hardware
from tiny_batch_kit.model.oracle import agrees, serve_alone
from tiny_batch_kit.model.shapes import ModelShape
from tiny_batch_kit.model.tiny import tiny_random

MODEL = tiny_random(seed=5)


# Task 13.1


def decoding(name: str, prompt: Sequence[int], answer: Sequence[int] = (), max_tokens: int = 99) -> Request:
    """A request that decodes, and has said `answer` so far."""
    request = Request(name, prompt, max_tokens)
    request.advance(RequestState.PREFILLING)
    request.advance(RequestState.DECODING)
    for token in answer:
        request.append_token(token)
    return request


def looked_up(tokens: Sequence[int], most: int, longest: int, shortest: int) -> list[int]:
    """What lookup should guess, by searching the whole text."""
    for size in range(min(longest, len(tokens)), shortest - 1, -1):
        for stop in range(len(tokens) - 1, size - 1, -1):
            if tokens[stop - size : stop] == tokens[len(tokens) - size :]:
                said = list(tokens)
                for _ in range(most):
                    said.append(said[stop + len(said) - len(tokens)])
                return said[len(tokens) :]
    return []


@pytest.mark.task("13.1")
def test_what_stood_behind_the_same_tokens():
    lookup = PromptLookup()
    guesses = lookup.propose([decoding("a", [1, 2, 3, 4, 5, 1, 2])], [3])
    expect_equal(
        guesses, [[3, 4, 5]], asked="the guesses: 1 2 came before, and 3 4 5 after it", case="1 2 3 4 5 1 2, 3 guesses"
    )


@pytest.mark.task("13.1")
@pytest.mark.parametrize("most", [1, 2, 4])
def test_so_many_and_no_more(most: int):
    guesses = PromptLookup().propose([decoding("a", [1, 2, 3, 4, 5, 6, 1, 2])], [most])
    expect_equal(
        guesses,
        [[3, 4, 5, 6][:most]],
        asked="as many guesses as may be made",
        case=f"1 2 3 4 5 6 1 2, at most {most} guesses",
    )


@pytest.mark.task("13.1")
def test_a_longer_end_counts_more_than_a_later_one():
    text = [1, 2, 3, 8, 5, 2, 3, 9, 1, 2, 3]
    expect_equal(
        PromptLookup(longest=3, shortest=1).propose([decoding("a", text)], [1]),
        [[8]],
        asked="the guess: 8 followed 1 2 3, and 9, later, only 2 3",
        case="1 2 3 8 5 2 3 9 1 2 3",
    )


@pytest.mark.task("13.1")
def test_of_equally_long_ends_the_latest_counts():
    text = [1, 2, 8, 1, 2, 9, 1, 2]
    expect_equal(
        PromptLookup(longest=2, shortest=2).propose([decoding("a", text)], [1]),
        [[9]],
        asked="the guess: what followed 1 2 the last time",
        case="1 2 8 1 2 9 1 2",
    )


@pytest.mark.task("13.1")
@pytest.mark.parametrize(("longest", "guess"), [(2, 6), (3, 7)])
def test_ends_are_at_most_so_long(longest: int, guess: int):
    text = [9, 1, 2, 7, 8, 1, 2, 6, 9, 1, 2]
    expect_equal(
        PromptLookup(longest=longest, shortest=1).propose([decoding("a", text)], [1]),
        [[guess]],
        asked="the guess: 6 followed 1 2 the last time, 7 followed 9 1 2",
        case=f"9 1 2 7 8 1 2 6 9 1 2, ends of at most {longest} tokens",
    )


@pytest.mark.task("13.1")
@pytest.mark.parametrize(("shortest", "guesses"), [(1, [[7, 8]]), (2, [[7, 8]]), (3, [[]])])
def test_ends_are_at_least_so_long(shortest: int, guesses: list[list[int]]):
    text = [1, 2, 7, 8, 1, 2]
    expect_equal(
        PromptLookup(longest=4, shortest=shortest).propose([decoding("a", text)], [2]),
        guesses,
        asked="the guesses: two tokens came before, and no three",
        case=f"1 2 7 8 1 2, ends of at least {shortest} tokens",
    )


@pytest.mark.task("13.1")
@pytest.mark.parametrize(
    ("text", "guesses"),
    [
        ([5, 5], [5, 5, 5, 5, 5, 5, 5]),
        ([1, 2, 1, 2], [1, 2, 1, 2, 1, 2, 1]),
        ([1, 2, 3, 1, 2, 3], [1, 2, 3, 1, 2, 3, 1]),
        ([4, 1, 2, 3, 9, 1, 2, 3], [9, 1, 2, 3, 9, 1, 2]),
    ],
    ids=["one", "two", "three", "four"],
)
def test_what_repeats_goes_on_repeating(text: list[int], guesses: list[int]):
    expect_equal(
        PromptLookup(longest=3, shortest=1).propose([decoding("a", text)], [7]),
        [guesses],
        asked="7 guesses: after the text's own end they go on with themselves",
        case=" ".join(map(str, text)),
    )


@pytest.mark.task("13.1")
def test_the_end_itself_is_no_match():
    lookup, request = PromptLookup(longest=3, shortest=1), decoding("a", [1, 2, 3])
    got = [lookup.propose([request], [2]) for _ in range(3)]
    expect_equal(
        got,
        [[[]], [[]], [[]]],
        asked="the guesses of three calls: nothing has come twice",
        case="1 2 3, three times",
    )


@pytest.mark.task("13.1")
def test_asked_again_it_says_the_same():
    lookup, request = PromptLookup(longest=2, shortest=1), decoding("a", [1, 2, 3, 1, 2])
    got = [lookup.propose([request], [2]) for _ in range(3)]
    expect_equal(
        got,
        [[[3, 1]]] * 3,
        asked="the guesses of three calls, no token between them",
        case="1 2 3 1 2, three times",
    )


@pytest.mark.task("13.1")
@pytest.mark.parametrize("shortest", [1, 2])
def test_a_text_of_one_token(shortest: int):
    lookup, request = PromptLookup(longest=2, shortest=shortest), decoding("a", [5])
    first = lookup.propose([request], [3])
    request.append_token(5)
    second = lookup.propose([request], [3])
    request.append_token(5)
    third = lookup.propose([request], [3])
    expect_equal(
        (first, second, third),
        ([[]], [[5, 5, 5]] if shortest == 1 else [[]], [[5, 5, 5]]),
        asked="the guesses after 5, after 5 5 and after 5 5 5",
        case=f"a prompt of one token, ends of at least {shortest}",
    )


@pytest.mark.task("13.1")
def test_prompt_and_answer_are_one_text():
    request = decoding("a", [7, 1, 2], [3, 4, 1, 2])
    other = decoding("b", [7, 8, 1], [2, 5, 1, 2])
    expect_equal(
        PromptLookup().propose([request, other], [3, 3]),
        [[3, 4, 1], [5, 1, 2]],
        asked="the guesses: what was looked for may stand in the answer, or half in each",
        case="prompt 7 1 2 and answer 3 4 1 2; prompt 7 8 1 and answer 2 5 1 2",
    )


@pytest.mark.task("13.1")
def test_who_may_guess_nothing():
    lookup = PromptLookup()
    a, b = decoding("a", [1, 2, 3, 1, 2]), decoding("b", [4, 5, 6, 4, 5])
    first = lookup.propose([a, b], [0, 2])
    a.append_token(3)
    second = lookup.propose([a, b], [2, 0])
    expect_equal(
        (first, second, lookup.propose([], [])),
        ([[], [6, 4]], [[1, 2], []], []),
        asked="the guesses of two calls, and those for no requests",
        case="a may guess nothing at first, b nothing the second time",
    )


@pytest.mark.task("13.1")
def test_everybody_looks_at_their_own_text():
    lookup = PromptLookup(longest=2, shortest=1)
    a, b = decoding("a", [1, 2, 3, 4]), decoding("b", [1, 2])
    got = [lookup.propose([a, b], [2, 2]), lookup.propose([b, a], [2, 2])]
    b.append_token(1)
    got.append(lookup.propose([a, b], [2, 2]))
    expect_equal(
        got,
        [[[], []], [[], []], [[], [2, 1]]],
        asked="the guesses of three calls, each for those that it names, in their order",
        case="a is 1 2 3 4; b is 1 2, and 1 2 1 in the end",
    )


@pytest.mark.task("13.1")
def test_who_was_forgotten_begins_anew():
    lookup = PromptLookup(longest=2, shortest=1)
    before = lookup.propose([decoding("a", [1, 2, 3, 1, 2])], [2])
    lookup.forget("a")
    lookup.forget("nobody")
    after = lookup.propose([decoding("a", [1, 2])], [2]), lookup.propose([decoding("a", [1, 2, 5, 6, 1, 2])], [2])
    expect_equal(
        (before, after),
        ([[3, 1]], ([[]], [[5, 6]])),
        asked="the guesses of the first a, and of a new one that has 1 2, and then 1 2 5 6 1 2",
        case="a is 1 2 3 1 2 and is forgotten; another request has its name",
    )


@pytest.mark.task("13.1")
@settings(max_examples=150, deadline=None)
@given(
    texts=st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=14), min_size=1, max_size=3),
    steps=st.lists(st.tuples(st.lists(st.integers(0, 2), max_size=3), st.integers(0, 6)), max_size=8),
    sizes=st.tuples(st.integers(1, 4), st.integers(0, 3)),
)
def test_growing_texts(texts: list[list[int]], steps: list[tuple[list[int], int]], sizes: tuple[int, int]):
    shortest, longest = sizes[0], sizes[0] + sizes[1]
    lookup = PromptLookup(longest, shortest)
    requests = [decoding(str(place), text) for place, text in enumerate(texts)]
    for turn, (more, most) in enumerate(steps):
        request = requests[turn % len(requests)]
        for token in more:
            request.append_token(token)
        expected = [looked_up([*each.prompt, *each.tokens], most, longest, shortest) for each in requests]
        expect_equal(
            lookup.propose(requests, [most] * len(requests)),
            expected,
            asked="the guesses: the longest end first, and of equally long ones the latest",
            case=f"{[[*each.prompt, *each.tokens] for each in requests]}, {most} guesses, ends of {sizes}",
        )


class Watched(list[int]):
    """A list that counts how many of its tokens were looked at."""

    looked = 0

    def __getitem__(self, at: Any) -> Any:
        found = super().__getitem__(at)
        self.looked += len(found) if isinstance(at, slice) else 1
        return found

    def __iter__(self) -> Iterator[int]:
        self.looked += len(self)
        return super().__iter__()

    def __reversed__(self) -> Iterator[int]:
        self.looked += len(self)
        return super().__reversed__()

    def __contains__(self, token: object) -> bool:
        self.looked += len(self)
        return super().__contains__(token)

    def __add__(self, other: Any) -> Any:
        self.looked += len(self)
        return [*super().__iter__(), *other]

    def index(self, token: int, start: SupportsIndex = 0, stop: SupportsIndex = 10**9) -> int:
        self.looked += len(self)
        return super().index(token, start, stop)

    def copy(self) -> Any:
        self.looked += len(self)
        return super().copy()


@pytest.mark.task("13.1")
@pytest.mark.parametrize("where", ["prompt", "answer"])
def test_a_call_looks_at_what_is_new(where: str):
    lookup, rng = PromptLookup(), random.Random(1)
    text = [rng.randrange(50) for _ in range(5000)]
    request = decoding("a", text if where == "prompt" else [1], max_tokens=9999)
    prompt = Watched(request.prompt)
    answer = Watched(() if where == "prompt" else text)
    request.prompt, request.tokens = prompt, answer
    lookup.propose([request], [4])
    prompt.looked = answer.looked = 0
    for token in (1, 2, 3):
        answer.append(token)
        lookup.propose([request], [4])
    expect_true(
        prompt.looked + answer.looked < 500,
        asked="a call looks at those tokens only that came since the one before it, and at what it guesses",
        case=f"{where} of 5,000 tokens, and three calls with a new token each",
        got=f"{prompt.looked + answer.looked} tokens were looked at",
        expected="a few for each call",
    )


# Task 13.2

KINDS = ("slots", "blocks", "pages")
Place = tuple[int, int]


def says(history: Sequence[int], seed: int = 0) -> int:
    """What the pretended model says after `history`: every token of it counts, its place, and the request's seed."""
    return (sum((place + 1) * (token + 7) for place, token in enumerate(history)) + 3 * seed) % 11


def told(request: Request, count: int | None = None) -> list[int]:
    """The first tokens that the pretended model gives to a request that is alone: `count`, or all that it may get."""
    history = list(request.prompt)
    for _ in range(request.max_tokens if count is None else count):
        history.append(says(history, request.sampling.seed))
    return history[len(request.prompt) :]


class Books:
    """A runner without a model. It remembers what is in every position of slots, blocks and pages, accepts guesses
    while they are right, and finds fault with plans that read what is not there, or keep what nobody has said."""

    def __init__(self, size: int = 4, broken: Sequence[int] = ()) -> None:
        self.size, self.broken = size, set(broken)
        self.places: dict[Place, tuple[int, ...]] = {}  # a slot or page and an offset: all tokens up to the one there
        self.blocks: dict[int, list[tuple[int, ...]]] = {}
        self.known: dict[str, Request] = {}
        self.plans: list[Any] = []
        self.faults: list[str] = []
        self.right = 0  # guesses that came true

    def run(self, plan: StepPlan) -> Mapping[str, Sequence[int]]:
        self.plans.append(plan)
        where = self._pages(plan) if hasattr(plan, "tables") else self._slots(plan)
        if len(self.plans) in self.broken:
            for work in plan.work:  # nobody knows what a broken step has left
                for at in range(len(work.tokens)):
                    self.places[where(work, work.start + at)] = ()
            raise MemoryError("no room for the scores")
        found = {work.request_id: self._compute(work, where) for work in plan.work}
        for copy in getattr(plan, "keeps", ()):
            self.blocks[copy.block] = [self.places.get((copy.slot, copy.start + at), ()) for at in range(self.size)]
            (owner,) = [work.request_id for work in plan.work if work.slot == copy.slot]
            text = self._text(owner)[: copy.start + self.size]
            if self.blocks[copy.block][-1] != text:
                self.faults.append(f"a block of {owner} is kept that holds what it never said")
        return {work.request_id: found[work.request_id] for work in plan.work if work.wanted}

    def _text(self, name: str) -> tuple[int, ...]:
        return (*self.known[name].prompt, *self.known[name].tokens)

    def _slots(self, plan: Any) -> Callable[[Work, int], Place]:
        for copy in getattr(plan, "loads", ()):
            for at, content in enumerate(self.blocks[copy.block]):
                self.places[copy.slot, copy.start + at] = content
        return lambda work, position: (work.slot, position)

    def _pages(self, plan: Any) -> Callable[[Work, int], Place]:
        before = dict(self.places)
        for copy in plan.copies:
            for at in range(self.size):
                self.places[copy.target, at] = before.get((copy.source, at), ())
        tables = {work.request_id: table for work, table in zip(plan.work, plan.tables, strict=True)}
        writers: dict[int, str] = {}
        for work in plan.work:
            stop = work.start + len(work.tokens)
            if stop > len(tables[work.request_id]) * self.size:
                self.faults.append(f"{work.request_id} has too few pages for {stop} tokens")
                tables[work.request_id] = (*tables[work.request_id], *range(-99, -89))
            for page in tables[work.request_id][work.start // self.size : (stop - 1) // self.size + 1]:
                if writers.setdefault(page, work.request_id) != work.request_id:
                    self.faults.append(f"{work.request_id} and {writers[page]} both write to page {page}")
        for work in plan.work:
            for page in tables[work.request_id][: -(-work.start // self.size)]:
                if writers.get(page, work.request_id) != work.request_id:
                    self.faults.append(f"{work.request_id} reads page {page}, to which {writers[page]} writes")
        return lambda work, position: (tables[work.request_id][position // self.size], position % self.size)

    def _compute(self, work: Work, where: Callable[[Work, int], Place]) -> list[int]:
        history, text = list[int](), self._text(work.request_id)
        for position in range(work.start):
            content = self.places.get(where(work, position), ())
            if content != text[: position + 1]:
                self.faults.append(f"position {position} of {work.request_id} is not what it has said")
            history.append(content[-1] if content else 0)
        own, found = len(work.tokens) + 1 - max(1, work.wanted), list[int]()
        if (*work.tokens[:own],) != text[work.start : work.start + own]:
            self.faults.append(f"{list(work.tokens[:own])} of {work.request_id} are not its tokens")
        for at, token in enumerate(work.tokens):
            history.append(token)
            self.places[where(work, work.start + at)] = (*history,)
            if at >= len(work.tokens) - work.wanted:
                found.append(says(history, work.sampling.seed))
        right = came_true(work.tokens[own:], found)
        self.right += right
        return found[: right + 1]


class Oracle:
    """A proposer that knows the answers: the first `right` guesses of each call are right, the next one is wrong."""

    def __init__(self, right: int | Mapping[str, int] = 99, *, more: int = 0) -> None:
        self.right, self.more = right, more
        self.asked: list[list[tuple[str, int]]] = []
        self.forgotten: list[str] = []

    def propose(self, requests: Sequence[Request], most: Sequence[int]) -> Sequence[Sequence[int]]:
        self.asked.append([(request.id, limit) for request, limit in zip(requests, most, strict=True)])
        return [self._guesses(request, limit + self.more) for request, limit in zip(requests, most, strict=True)]

    def _guesses(self, request: Request, count: int) -> list[int]:
        had = len(request.tokens)
        right = self.right if isinstance(self.right, int) else self.right[request.id]
        return [token if at < right else (token + 1) % 11 for at, token in enumerate(told(request, had + count)[had:])]

    def forget(self, request_id: str) -> None:
        self.forgotten.append(request_id)


class Hearing:
    """A control that allots what it was given, and writes down all that it hears."""

    def __init__(self, count: int | Mapping[str, int] = 4) -> None:
        self.count = count
        self.heard: list[tuple[Any, ...]] = []

    def allot(self, requests: Sequence[Request], spare: int) -> Sequence[int]:
        self.heard.append(("allot", [request.id for request in requests], spare))
        return [self.count if isinstance(self.count, int) else self.count[request.id] for request in requests]

    def stepped(self, plan: StepPlan) -> None:
        self.heard.append(("stepped", plan.num_tokens))

    def judged(self, request_id: str, guesses: int, right: int) -> None:
        self.heard.append(("judged", request_id, guesses, right))

    def forget(self, request_id: str) -> None:
        self.heard.append(("forget", request_id))

    def of(self, kind: str) -> list[tuple[Any, ...]]:
        return [entry[1:] for entry in self.heard if entry[0] == kind]


@dataclass
class Service:
    """An engine that guesses, and what a test has to do with it."""

    engine: Engine
    scheduler: SpeculativeScheduler
    books: Books
    memory: PrefixCache | None
    events: list[Event] = field(default_factory=list)

    def add(self, *requests: Request) -> None:
        for request in requests:
            self.books.known[request.id] = request
            self.engine.add_request(request)

    def step(self, times: int = 1) -> None:
        for _ in range(times):
            self.events += self.engine.step()

    def finish(self, case: str, most_steps: int = 800) -> None:
        for _ in range(most_steps):
            if not self.engine.has_work:
                return
            self.step()
        expect_true(False, asked="every request comes to its end", case=case, got=f"work left after {most_steps} steps")

    def serve(self, *requests: Request) -> None:
        self.add(*requests)
        self.finish(f"{len(requests)} requests")

    def ended_well(self, requests: Sequence[Request], case: str) -> None:
        """All answers are those of serving alone, no plan had a fault, and nothing is held."""
        self.finish(case)
        expect_equal(
            ([each.tokens for each in requests], self.books.faults),
            ([told(each) for each in requests], []),
            asked="(all answers: those of serving alone, faults that the runner found with the plans)",
            case=case,
        )
        self.idle(case)

    def idle(self, case: str) -> None:
        memory = self.memory
        in_use = 0 if memory is None else memory.num_blocks - memory.num_free - memory.num_unused
        expect_equal(
            (self.scheduler.memory_used, self.scheduler.slot_of, in_use),
            (0, {}, 0),
            asked="(memory used, slots, blocks or pages in use): an idle scheduler holds nothing",
            case=case,
        )


def service(
    kind: str,
    proposer: Proposer,
    control: GuessControl | None = None,
    *,
    memory: int | None = None,
    size: int = 4,
    blocks: int = 32,
    broken: Sequence[int] = (),
    **options: Any,
) -> Service:
    """memory: tokens, or pages if the kind is pages; None: enough."""
    options = {"max_running": 4, "max_batched_tokens": 64, "max_seq_len": 64, "headroom": 0, **options}
    scheduler: SpeculativeScheduler
    store: PrefixCache | None = None
    if kind == "pages":
        store = BlockAllocator(memory or 64, size)
        scheduler = SpeculativePagedScheduler(proposer, control=control, allocator=store, **options)
    elif kind == "blocks":
        store = PrefixCache(blocks, size)
        scheduler = SpeculativeCachingScheduler(
            proposer, control=control, cache=store, max_memory_tokens=memory, **options
        )
    else:
        scheduler = SpeculativeScheduler(proposer, control=control, max_memory_tokens=memory, **options)
    books = Books(size, broken)
    return Service(Engine(scheduler, books), scheduler, books, store)


def ask(name: str, prompt: Sequence[int] | int, max_tokens: int, *, seed: int = 0, **options: Any) -> Request:
    """A request; a number stands for a prompt of that length, which no other has."""
    ids = [(7 * place + 13 * ord(name[0])) % 250 for place in range(prompt)] if isinstance(prompt, int) else prompt
    return Request(name, ids, max_tokens, sampling=SamplingParams(seed=seed), **options)


def brief(plan: StepPlan) -> list[tuple[str, int, int, int]]:
    """(request, start, tokens, wanted) of each work of a plan."""
    return [(work.request_id, work.start, len(work.tokens), work.wanted) for work in plan.work]


def guessed(plan: StepPlan) -> dict[str, int]:
    """How many guesses each request of a plan brings."""
    return {work.request_id: max(0, work.wanted - 1) for work in plan.work}


@pytest.mark.task("13.2")
@pytest.mark.parametrize("kind", KINDS)
def test_guesses_stand_behind_the_token(kind: str):
    s = service(kind, Oracle(), FixedGuesses(3))
    a = ask("a", 5, 9)
    s.add(a)
    s.step()
    plan = s.scheduler.plan()
    answer = told(a)
    expect_equal(
        ([work._replace(tokens=list(work.tokens)) for work in plan.work], a.tokens, a.num_computed_tokens),
        ([Work("a", 0, 5, answer[:4], 4, a.sampling)], answer[:1], 5),
        asked="(the second plan's work: its token, three guesses, the logits of all four; the request's tokens and "
        "how many are computed: as they were)",
        case="a prompt of 5, 3 guesses",
    )


@pytest.mark.task("13.2")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("right", "steps"), [(0, 11), (1, 6), (2, 5), (3, 4), (4, 3)])
def test_a_step_brings_what_is_right_and_one_more(kind: str, right: int, steps: int):
    s = service(kind, Oracle(right), FixedGuesses(4))
    a = ask("a", 6, 11)
    s.serve(a)
    expect_equal(
        len(s.books.plans),
        steps,
        asked="how many steps: one for the prompt, and then each brings the guesses that are right, and one token more",
        case=f"11 new tokens, 4 guesses a step, of which {right} are right",
    )
    s.ended_well([a], "the same")


@pytest.mark.task("13.2")
@pytest.mark.parametrize("kind", KINDS)
def test_a_single_guess(kind: str):
    s = service(kind, Oracle(), FixedGuesses(1))
    a = ask("a", 5, 8)
    s.add(a)
    s.step(2)
    plan = s.scheduler.plan()
    expect_equal(
        (brief(plan), a.tokens),
        ([("a", 7, 2, 2)], told(a)[:3]),
        asked="(the third plan, the answer so far): what came true is computed, be it one guess only",
        case="a prompt of 5, one guess a step, which is right",
    )
    s.ended_well([a], "the same")


@pytest.mark.task("13.2")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("right", [0, 1, 2, 3])
def test_what_came_true_is_computed(kind: str, right: int):
    s = service(kind, Oracle(right), FixedGuesses(3))
    a = ask("a", 5, 20)
    s.add(a)
    s.step(2)
    plan = s.scheduler.plan()
    expect_equal(
        (a.num_computed_tokens, brief(plan), a.tokens),
        (6 + right, [("a", 6 + right, 4, 4)], told(a)[: 2 + right]),
        asked="(computed tokens, the third plan, the answer so far): only the newest token is not computed yet",
        case=f"a prompt of 5, and a step with 3 guesses, of which {right} are right",
    )


@pytest.mark.task("13.2")
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_counts_before_it_has_come(kind: str):
    s = service(kind, Oracle(), FixedGuesses(3))
    a = ask("a", 5, 20)
    s.add(a)
    s.step()
    s.scheduler.commit(s.scheduler.plan())
    expect_equal(
        (a.num_computed_tokens, s.scheduler.memory_used),
        (6, 12 if kind == "pages" else 6),
        asked="(computed tokens, memory used): it is not known yet which guesses came true"
        + (", and their page is still held" if kind == "pages" else ""),
        case="a plan with 3 guesses after the 6th token was committed, and no token has been handed out",
    )


@pytest.mark.task("13.2")
@pytest.mark.parametrize(("limit", "most"), [(2, None), (3, 1), (4, 2), (6, 4), (7, 4)])
def test_the_last_token_needs_no_guess(limit: int, most: int | None):
    oracle = Oracle(0)
    s = service("slots", oracle, FixedGuesses(4))
    a = ask("a", 5, limit)
    s.add(a)
    s.step()
    plan = s.scheduler.plan()
    expect_equal(
        (oracle.asked[-1:], guessed(plan)),
        ([[("a", most)]] if most else [], {"a": most or 0}),
        asked="(what the proposer was asked for, how many guesses are planned): one token comes for certain",
        case=f"4 guesses are allotted; of {limit} new tokens, the request has 1",
    )


@pytest.mark.task("13.2")
@pytest.mark.parametrize("kind", KINDS)
def test_more_guesses_than_were_asked_for(kind: str):
    s = service(kind, Oracle(more=3), Hearing({"a": 2, "b": 0, "c": 50}))
    requests = [ask(name, 5, 9) for name in "abc"]
    s.add(*requests)
    s.step()
    plan = s.scheduler.plan()
    expect_equal(
        guessed(plan),
        {"a": 2, "b": 0, "c": 7},
        asked="how many guesses are planned: at most what each may make",
        case="a proposer makes 3 more than it is asked for: 2, none, and 7 that may still come true",
    )
    s.ended_well(requests, "the same")


def in_order_of_admission(control: GuessControl, proposer: Proposer, **options: Any) -> Service:
    """b, c and a decode, admitted in this order, in the slots 1, 2 and 0."""
    s = service("slots", proposer, control, max_running=3, **options)
    s.add(ask("x", 5, 1), ask("b", 5, 20), ask("c", 4, 20), ask("a", 5, 20))
    s.step(2)
    return s


@pytest.mark.task("13.2")
@pytest.mark.parametrize(
    ("budget", "guesses"),
    [
        (16, (4, 4, 4)),
        (15, (4, 4, 4)),
        (14, (4, 4, 3)),
        (11, (4, 4, 0)),
        (10, (4, 3, 0)),
        (7, (4, 0, 0)),
        (6, (3, 0, 0)),
        (4, (1, 0, 0)),
        (3, (0, 0, 0)),
    ],
)
def test_guesses_take_what_the_step_has_left(budget: int, guesses: tuple[int, int, int]):
    control = Hearing(0)
    s = in_order_of_admission(control, Oracle(0))
    control.count, s.scheduler.max_batched_tokens = 4, budget
    plan = s.scheduler.plan()
    expect_equal(
        (list(guessed(plan).items()), s.scheduler.slot_of, control.of("allot")[-1], plan.num_tokens <= budget),
        (list(zip("bca", guesses, strict=True)), {"b": 1, "c": 2, "a": 0}, (["b", "c", "a"], budget - 3), True),
        asked="(guesses in the plan, slots, what the control was told: which, and tokens to spare; whether the plan "
        "keeps to its tokens): each has its own token, then guesses are made in order of admission",
        case=f"b, c and a decode, 4 guesses each, a step of {budget} tokens",
    )


@pytest.mark.task("13.2")
def test_fewer_guesses_than_were_asked_for():
    control = Hearing(0)
    s = in_order_of_admission(control, Oracle(0, more=-2))
    control.count, s.scheduler.max_batched_tokens = 4, 8
    plan = s.scheduler.plan()
    expect_equal(
        (list(guessed(plan).items()), s.scheduler.memory_used),
        ([("b", 2), ("c", 2), ("a", 1)], 24),
        asked="(guesses in the plan, memory used): what one does not take is left to the next",
        case="b, c and a have 19 tokens and may make 4 guesses each, the proposer makes 2; a step of 8 tokens",
    )


@pytest.mark.task("13.2")
def test_who_guesses_nothing_leaves_it_to_others():
    control = Hearing(0)
    s = in_order_of_admission(control, Oracle(0))
    control.count, s.scheduler.max_batched_tokens = {"a": 3, "b": 0, "c": 9}, 11
    expect_equal(
        (list(guessed(s.scheduler.plan()).items())),
        [("b", 0), ("c", 8), ("a", 0)],
        asked="guesses in the plan: 8 tokens are left for them",
        case="b is allotted none, c 9, a 3, in this order, and a step of 11 tokens",
    )


@pytest.mark.task("13.2")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("budget", "guesses", "read"), [(16, 4, 10), (7, 4, 1), (6, 4, 0), (5, 3, 0)])
def test_prompts_and_guesses_share_a_step(kind: str, budget: int, guesses: int, read: int):
    s = service(kind, Oracle(), Hearing({"a": 4, "b": 0, "c": 4}), max_running=3)
    a, b, c = ask("a", 5, 12), ask("b", 3, 4), ask("c", 20, 3)
    s.add(a, b)
    s.step()
    s.add(c)
    s.scheduler.max_batched_tokens = budget
    s.step()
    expected = [("a", 5, 1 + guesses, 1 + guesses), ("b", 3, 1, 1), ("c", 0, read, 0)]
    expect_equal(
        brief(s.books.plans[-1]),
        expected if read else expected[:2],
        asked="the plan: a row that guesses, one that does not, and a prompt that gets the rest of the step",
        case=f"a may make 4 guesses, b none, c waits with a prompt of 20; a step of {budget} tokens",
    )
    s.ended_well([a, b, c], "the same")


@pytest.mark.task("13.2")
@pytest.mark.parametrize(
    ("budget", "guesses", "read"), [(27, 4, 20), (26, 4, 20), (25, 3, 20), (22, 0, 20), (21, 0, 19), (3, 0, 1)]
)
def test_who_is_half_read_comes_before_guesses(budget: int, guesses: int, read: int):
    control = Hearing(0)
    s = service("slots", Oracle(), control, max_running=3, max_batched_tokens=12)
    a, b, c = ask("a", 5, 12), ask("b", 3, 6), ask("c", 30, 3)
    s.add(a, b)
    s.step()
    s.add(c)
    s.step()
    control.count = {"a": 4, "b": 0}
    s.scheduler.max_batched_tokens = budget
    plan = s.scheduler.plan()
    expect_equal(
        ([(work.request_id, len(work.tokens)) for work in plan.work], control.of("allot")[-1]),
        ([("a", 1 + guesses), ("b", 1), ("c", read)], (["a", "b"], max(0, budget - 22))),
        asked="(tokens of each, what the control was told): every running request has all it wants before any guesses",
        case=f"a may make 4 guesses, b none, c has 20 tokens still to be read; a step of {budget} tokens",
    )


@pytest.mark.task("13.2")
@pytest.mark.parametrize("kind", ["slots", "blocks"])
@pytest.mark.parametrize(
    ("memory", "guesses"), [(30, (4, 4)), (20, (4, 4)), (19, (4, 3)), (16, (4, 0)), (15, (3, 0)), (12, (0, 0))]
)
def test_guesses_take_what_memory_has_left(kind: str, memory: int, guesses: tuple[int, int]):
    s = service(kind, Oracle(0), FixedGuesses(4), memory=memory)
    b, a = ask("b", 6, 6), ask("a", 4, 6)
    s.add(b, a)
    s.step()
    plan = s.scheduler.plan()
    expect_equal(
        (list(guessed(plan).items()), s.scheduler.memory_used, plan.preempted),
        ([("b", guesses[0]), ("a", guesses[1])], 12 + sum(guesses), ()),
        asked="(guesses, memory used, which were sent back): none goes for a guess",
        case=f"b has 7 tokens and a 5, each may make 4 guesses, memory for {memory} tokens",
    )


@pytest.mark.task("13.2")
@pytest.mark.parametrize(("memory", "admitted"), [(22, True), (21, False)])
def test_newcomers_see_what_guesses_hold(memory: int, admitted: bool):
    s = service("slots", Oracle(0), FixedGuesses(4), memory=memory, headroom=1)
    a, b = ask("a", 6, 9), ask("b", 9, 3)
    s.add(a)
    s.step()
    s.add(b)
    plan = s.scheduler.plan()
    expect_equal(
        guessed(plan),
        {"a": 4, "b": 0} if admitted else {"a": 4},
        asked="which are in the plan: 7 tokens, 4 guesses, 9 of the newcomer, and headroom of 1 for each of two",
        case=f"memory for {memory} tokens",
    )
    s.ended_well([a, b], "the same")


@pytest.mark.task("13.2")
@pytest.mark.parametrize(("pages", "guesses"), [(6, (6, 6)), (5, (6, 4)), (4, (6, 0)), (3, (2, 0))])
def test_guesses_take_pages_that_are_left(pages: int, guesses: tuple[int, int]):
    s = service("pages", Oracle(0), FixedGuesses(6), memory=pages, max_seq_len=64)
    b, a = ask("b", 5, 7), ask("a", 3, 9)
    s.add(b, a)
    s.step()
    plan: Any = s.scheduler.plan()
    held = [-(-(6 + min(guesses[0], 5)) // 4), -(-(4 + guesses[1]) // 4)]
    expect_equal(
        (list(guessed(plan).items()), [len(table) for table in plan.tables], plan.preempted),
        ([("b", min(guesses[0], 5)), ("a", guesses[1])], held, ()),
        asked="(guesses, pages in each table, which were sent back): what fits into the available pages",
        case=f"b has 6 tokens and may make 5 guesses, a has 4 and may make 6; {pages} pages of 4",
    )


@pytest.mark.task("13.2")
@pytest.mark.parametrize(("count", "pages"), [(1, 2), (2, 2), (3, 3)])
def test_guesses_take_a_page_when_they_need_it(count: int, pages: int):
    s = service("pages", Oracle(0), FixedGuesses(count))
    a = ask("a", 5, 12)
    s.add(a)
    s.step()
    plan: Any = s.scheduler.plan()
    expect_equal(
        len(plan.tables[0]),
        pages,
        asked="pages in its table: none more than its tokens and guesses need",
        case=f"6 tokens in pages of 4, and {count} guesses",
    )


@pytest.mark.task("13.2")
@pytest.mark.parametrize(("right", "pages"), [(0, 2), (1, 2), (2, 3), (5, 3), (6, 4)])
def test_pages_of_wrong_guesses_are_given_back(right: int, pages: int):
    control = Hearing(7)
    s = service("pages", Oracle(right), control)
    a = ask("a", 5, 30)
    s.add(a)
    s.step(2)
    control.count = 0
    plan: Any = s.scheduler.plan()
    expect_equal(
        (len(plan.tables[0]), s.memory and s.memory.num_blocks - s.memory.num_free - s.memory.num_unused),
        (pages, pages),
        asked="(pages in its table, pages in use): those of its tokens",
        case=f"6 tokens in pages of 4, and a step with 7 guesses, of which {right} are right; then none",
    )


@pytest.mark.task("13.2")
def test_pages_of_guesses_that_never_ran_are_given_back():
    control = Hearing(0)
    s = service("pages", Oracle(0), control)
    a = ask("a", 5, 30)
    s.add(a)
    s.step()
    control.count = 7
    lost: Any = s.scheduler.plan()
    control.count = 0
    plan: Any = s.scheduler.plan()
    expect_equal(
        (len(lost.tables[0]), len(plan.tables[0]), s.memory and s.memory.num_available),
        (4, 2, 62),
        asked="(pages in its table with guesses, then without them, pages that are available of 64)",
        case="6 tokens in pages of 4; a plan with 7 guesses is never run, and the next one has none",
    )


@pytest.mark.task("13.2")
@pytest.mark.parametrize("kind", ["blocks", "pages"])
@pytest.mark.parametrize("right", [0, 1, 2, 3, 6])
def test_only_what_came_true_is_found(kind: str, right: int):
    s = service(kind, Oracle(right), Hearing(6))
    a = ask("a", 6, 30)
    s.add(a)
    s.step(3)
    assert s.memory is not None
    text = [*a.prompt, *told(a)]
    hoped = [*a.prompt, *told(a, 1)]
    for at, token in enumerate(told(a, 9)[1:7]):
        hoped.append(token if at < right else (token + 1) % 11)
    # The second step has settled 7 + right tokens by the time of the third, and the third computes one token.
    whole = (8 + right) // 4
    expect_equal(
        (len(s.memory.match(text[: 8 + right])), len(s.memory.match(hoped[:12])), s.books.faults),
        (whole, min(whole, (7 + right) // 4), []),
        asked="(blocks that are found of what was said, of what was guessed, faults)",
        case=f"a prompt of 6, a step with 6 guesses of which {right} are right, and a third step; blocks of 4",
    )


@pytest.mark.task("13.2")
@pytest.mark.parametrize("kind", ["blocks", "pages"])
@pytest.mark.parametrize("right", [0, 3])
def test_a_neighbour_finds_what_was_said(kind: str, right: int):
    control = Hearing({"a": 6, "b": 0, "c": 0})
    s = service(kind, Oracle({"a": right, "b": 0, "c": 0}), control)
    a = ask("a", 6, 30)
    s.add(a)
    s.step(3)
    hoped = [token if at < right else (token + 1) % 11 for at, token in enumerate(told(a, 7)[1:])]
    b = ask("b", [*a.prompt, told(a)[0], *hoped, 5], 4)  # it asks with what a guessed
    c = ask("c", [*a.prompt, *told(a, 2 + right), 5], 4)  # with what a has said
    s.add(b, c)
    s.step()
    starts = {work.request_id: work.start for work in s.books.plans[-1].work}
    expect_equal(
        (starts["b"], starts["c"]),
        ((7 + right) // 4 * 4, (8 + right) // 4 * 4),
        asked="where b and c begin: after the whole blocks of what a has said",
        case=f"a has made 6 guesses, of which {right} were right; b's prompt is the guesses, c's is what was said",
    )
    s.ended_well([a, b, c], "the same")


@pytest.mark.task("13.2")
def test_what_came_true_is_published_when_it_leaves():
    s = service("pages", Oracle(), FixedGuesses(6))
    a = ask("a", 5, 8)
    s.serve(a)
    assert s.memory is not None
    expect_equal(
        (len(s.books.plans), len(s.memory.match([*a.prompt, *a.tokens]))),
        (2, 3),
        asked="(steps, pages that are found of its tokens): its guesses were settled when it left",
        case="a prompt of 5 and 8 new tokens, of which 6 were guessed right in the last step; pages of 4",
    )


@pytest.mark.task("13.2")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [1, 2, 3])
def test_over_the_border_of_a_block(kind: str, size: int):
    for right in range(6):
        s = service(kind, Oracle(right), FixedGuesses(5), size=size, memory=64 if kind == "pages" else None)
        requests = [ask("a", 4, 17), ask("b", 5, 13), ask("c", 6, 15)]
        s.serve(*requests)
        s.ended_well(requests, f"three requests, 5 guesses, {right} right, blocks of {size}")


@pytest.mark.task("13.2")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("right", [0, 2, 9])
def test_who_is_sent_back_is_forgotten(kind: str, right: int):
    oracle = Oracle(right)
    s = service(kind, oracle, FixedGuesses(3), memory=5 if kind == "pages" else 20, max_seq_len=20)
    b, a = ask("b", 7, 9), ask("a", 6, 8)
    s.serve(b, a)
    gone = [event.request_id for event in s.events if isinstance(event, PreemptedEvent)]
    expect_equal(
        (gone[:1], sorted(oracle.forgotten)),
        (["a"], sorted(["a", "b", *gone])),
        asked="(the first sent back, which the proposer was told to forget): each that was sent back or has ended",
        case="b and a outgrow memory, 3 guesses each",
    )
    s.ended_well([a, b], "the same")


@pytest.mark.task("13.2")
@pytest.mark.parametrize("kind", KINDS)
def test_a_guess_sends_nobody_back(kind: str):
    # 12 and 8 tokens in the end, of which the last ones need no memory.
    s = service(kind, Oracle(0), FixedGuesses(4), memory=5 if kind == "pages" else 18, max_seq_len=18)
    requests = [ask("b", 7, 5), ask("a", 4, 4)]
    s.serve(*requests)
    gone = [event.request_id for event in s.events if isinstance(event, PreemptedEvent)]
    expect_equal(gone, [], asked="which were sent back", case="two requests whose tokens just fit, with wrong guesses")
    s.ended_well(requests, "the same")


@pytest.mark.task("13.2")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("moment", ["stepped", "planned"])
@pytest.mark.parametrize("right", [0, 2, 9])
def test_an_abort(kind: str, moment: str, right: int):
    oracle, control = Oracle(right), Hearing(6)
    s = service(kind, oracle, control)
    a, b = ask("a", 5, 30), ask("b", 6, 12)
    s.add(a, b)
    s.step(2)
    if moment == "planned":
        s.scheduler.plan()
    s.engine.abort("a")
    s.finish("a is aborted")
    expect_equal(
        (a.tokens, oracle.forgotten, control.of("forget"), [each for each in control.of("judged") if each[0] == "a"]),
        (told(a)[: 2 + min(right, 6)], ["a", "b"], [("a",), ("b",)], [("a", 6, min(right, 6))]),
        asked="(a's tokens, which the proposer forgot, which the control forgot, what it was told of a's guesses)",
        case=f"a is aborted when a step is {moment}",
    )
    s.ended_well([b], "a is aborted, b goes on")


@pytest.mark.task("13.2")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("right", [0, 2, 9])
def test_a_broken_step(kind: str, right: int):
    control = Hearing(4)
    s = service(kind, Oracle(right), control, broken=[3], max_running=2)
    a, b, c = ask("a", 5, 30), ask("b", 6, 30), ask("c", [*ask("a", 5, 1).prompt, *told(ask("a", 5, 9))], 9)
    s.add(a, b, c)
    s.finish("the third step breaks")
    reasons = [event.reason for event in s.events if isinstance(event, FinishedEvent)]
    expect_equal(
        (reasons, len(control.of("stepped")), len(s.books.plans)),
        ([FinishReason.ERROR, FinishReason.ERROR, FinishReason.LENGTH], len(s.books.plans) - 1, len(s.books.plans)),
        asked="(how they ended, how many steps the control heard of: all but one, steps)",
        case="a and b guess when the third step breaks; c waits, and begins as a's text does",
    )
    s.ended_well([c], "the same")


@pytest.mark.task("13.2")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("right", [0, 2, 9])
def test_a_plan_that_never_runs(kind: str, right: int):
    control = Hearing(6)
    s = service(kind, Oracle(right), control)
    a, b = ask("a", 5, 20), ask("b", 6, 12)
    s.add(a, b)
    s.step(2)
    lost: Any = [s.scheduler.plan() for _ in range(3)]
    heard = (len(control.of("stepped")), sorted(control.of("judged")))
    expect_equal(
        ([brief(plan) for plan in lost], [getattr(plan, "tables", ()) for plan in lost], heard),
        (
            [brief(lost[0])] * 3,
            [getattr(lost[0], "tables", ())] * 3,
            (2, [("a", 6, min(right, 6)), ("b", 6, min(right, 6))]),
        ),
        asked="(three plans, their tables: always the same; (steps, judgements) that the control heard of: each once)",
        case="three plans are made after two steps, and none of them is run",
    )
    s.ended_well([a, b], "the same")


@pytest.mark.task("13.2")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("right", [1, 2, 6])
def test_eos_among_guesses(kind: str, right: int):
    whole = told(ask("a", 7, 9))
    at = next(place for place in range(3, 9) if whole[place] not in whole[:place])
    oracle, control = Oracle(right), Hearing(6)
    s = service(kind, oracle, control)
    a, b = ask("a", 7, 9, eos_token_ids=[whole[at]]), ask("b", 5, 14)
    s.add(a, b)
    s.finish("EOS")
    ends = [event for event in s.events if isinstance(event, FinishedEvent) and event.request_id == "a"]
    expect_equal(
        (a.tokens, [event.reason for event in ends], a.finish_reason, oracle.forgotten.count("a")),
        (whole[:at], [FinishReason.EOS], FinishReason.EOS, 1),
        asked="(the answer, its ends, why, how often it was forgotten): nothing comes after EOS",
        case=f"EOS is token {at + 1} of the answer; 6 guesses a step, of which {right} are right",
    )
    s.ended_well([b], "b goes on")


@pytest.mark.task("13.2")
@pytest.mark.parametrize("kind", KINDS)
def test_a_stop_string_among_guesses(kind: str):
    def decode(tokens: Sequence[int]) -> str:
        return "".join(chr(97 + token) for token in tokens)

    whole = told(ask("a", 7, 9))
    s = service(kind, Oracle(), FixedGuesses(6))
    a, b = ask("a", 7, 9, stop=[decode(whole[2:4])], decode=decode), ask("b", 5, 14)
    s.add(a, b)
    s.finish("a stop string")
    shown = "".join(
        event.text for event in s.events if not isinstance(event, PreemptedEvent) and event.request_id == "a"
    )
    expect_equal(
        (a.tokens, a.text, shown, a.finish_reason),
        (whole[:4], decode(whole[:2]), decode(whole[:2]), FinishReason.STOP),
        asked="(the tokens, the text, the text that was shown, why it ended)",
        case="the third and fourth token are a stop string; 6 right guesses in the second step",
    )
    s.ended_well([b], "b goes on")


@pytest.mark.task("13.2")
def test_events_come_in_order():
    s = service("slots", Oracle({"b": 2, "a": 0}), FixedGuesses(3))
    b, a = ask("b", 5, 4), ask("a", 4, 9)
    s.add(b, a)
    s.step()
    events = s.engine.step()
    got = [
        (event.request_id, event.token if isinstance(event, TokenEvent) else "end")
        for event in events
        if not isinstance(event, PreemptedEvent)
    ]
    expect_equal(
        got,
        [*[("b", token) for token in told(b)[1:4]], ("b", "end"), ("a", told(a)[1])],
        asked="the events of the second step: each token by itself, and a request's end after its last",
        case="b brings 2 right guesses and then has all of its 4 tokens; a brings 3 wrong ones",
    )


@pytest.mark.task("13.2")
@pytest.mark.parametrize("kind", KINDS)
def test_the_control_hears_what_came_of_it(kind: str):
    control = Hearing({"a": 3, "b": 2, "c": 0})
    s = service(kind, Oracle({"a": 1, "b": 2, "c": 0}), control)
    s.add(ask("a", 5, 20), ask("b", 4, 4), ask("c", 6, 20))
    s.step(3)
    expect_equal(
        control.heard,
        [
            ("allot", [], 64),
            ("stepped", 15),
            ("allot", ["a", "b", "c"], 61),
            ("stepped", 8),
            ("judged", "b", 2, 2),
            ("forget", "b"),
            ("judged", "a", 3, 1),
            ("allot", ["a", "c"], 62),
            ("stepped", 5),
        ],
        asked="what the control hears: b is judged when it ends, a before the next step begins, c never guesses",
        case="a makes 3 guesses, of which 1 is right, b makes 2, which are right and its last, c none; three steps",
    )


@pytest.mark.task("13.2")
@pytest.mark.parametrize("kind", KINDS)
def test_a_proposer_that_breaks(kind: str):
    class Breaking(Oracle):
        def propose(self, requests: Sequence[Request], most: Sequence[int]) -> Sequence[Sequence[int]]:
            guesses = super().propose(requests, most)
            if len(self.asked) == 2:
                raise LookupError("no more")
            return guesses

    oracle = Breaking()
    s = service(kind, oracle, FixedGuesses(2))
    requests = [ask("a", 5, 12), ask("b", 6, 12)]
    s.serve(*requests)
    expect_equal(
        (s.scheduler.proposer_error, len(oracle.asked), s.books.right),
        ("LookupError: no more", 2, 4),
        asked="(its error, how often it was asked, how many guesses came true): answers can do without",
        case="a proposer raises when it is asked for the second time",
    )
    s.ended_well(requests, "the same")


@pytest.mark.task("13.2")
@pytest.mark.parametrize("lists", [1, 3])
def test_guesses_for_another_number_of_requests(lists: int):
    class Miscounting(Oracle):
        def propose(self, requests: Sequence[Request], most: Sequence[int]) -> Sequence[Sequence[int]]:
            return [*super().propose(requests, most), [1]][:lists]

    s = service("slots", Miscounting(), FixedGuesses(2))
    requests = [ask("a", 5, 6), ask("b", 6, 6)]
    s.serve(*requests)
    expect_equal(
        (s.books.right, (s.scheduler.proposer_error or "").split(":")[0]),
        (0, "ValueError"),
        asked="(guesses that came true, the proposer's error): they belong to no known request",
        case=f"a proposer gives {lists} lists for 2 requests",
    )
    s.ended_well(requests, "the same")


@pytest.mark.task("13.2")
def test_work_without_its_guesses():
    work = Work("a", 0, 7, [1, 2, 3, 4], 3, SamplingParams())
    got = [without_guesses(work._replace(wanted=wanted)) for wanted in (0, 1, 2, 3, 4)]
    expect_equal(
        [(each.start, list(each.tokens), each.wanted) for each in got],
        [(7, [1, 2, 3, 4], 0), (7, [1, 2, 3, 4], 1), (7, [1, 2, 3], 1), (7, [1, 2], 1), (7, [1], 1)],
        asked="(start, tokens, wanted) of the work without guesses",
        case="tokens 1 2 3 4, of which 0, 1, 2, 3 or 4 are wanted",
    )


class Fickle(Oracle):
    """Each guess is right with some probability; now and then there are none, or more than asked for."""

    def __init__(self, rng: random.Random) -> None:
        super().__init__()
        self.rng, self.share = rng, rng.choice([0.0, 0.5, 0.9, 1.0])

    def _guesses(self, request: Request, count: int) -> list[int]:
        had, count = len(request.tokens), self.rng.choice([0, count, count, count, count + 2])
        return [
            token if self.rng.random() < self.share else (token + 1) % 11 for token in told(request, had + count)[had:]
        ]


class Moody(Hearing):
    """Allots what it likes."""

    def __init__(self, rng: random.Random) -> None:
        super().__init__()
        self.rng = rng

    def allot(self, requests: Sequence[Request], spare: int) -> Sequence[int]:
        return [self.rng.randrange(7) for _ in requests]


@pytest.mark.task("13.2")
@pytest.mark.parametrize("kind", KINDS)
def test_any_traffic(kind: str):
    for seed in range(80):
        rng = random.Random(seed)
        size, slots = rng.choice([1, 2, 3, 4]), rng.choice([1, 2, 4])
        memory = -(-rng.choice([40, 60]) // size) if kind == "pages" else rng.choice([40, 60])
        broken = [rng.randrange(40)] if rng.random() < 0.3 else []
        limits = {"max_running": slots, "max_batched_tokens": slots + rng.choice([0, 1, 4, 20]), "max_seq_len": 40}
        s = service(kind, Fickle(rng), Moody(rng), memory=memory, size=size, blocks=12, broken=broken, **limits)
        requests = list[Request]()
        for number in range(rng.randrange(1, 7)):
            other = rng.choice(requests) if requests and rng.random() < 0.4 else None
            prompt = other.prompt if other else [0] * rng.randrange(12) + [rng.randrange(11) for _ in range(4)]
            samples = {"sample_of": other.id} if other else {}
            requests.append(ask(str(number), prompt, rng.randrange(1, 18), seed=rng.randrange(3), **samples))
            s.add(requests[-1])
            s.step(rng.randrange(4))
            if rng.random() < 0.2:
                s.scheduler.plan()
            living = [each.id for each in requests if not each.is_finished]
            if living and rng.random() < 0.2:
                s.engine.abort(rng.choice(living))
        case = f"scenario {seed}: requests come, share, are aborted; memory is short, steps break, plans are lost"
        s.finish(case)
        whole = [each.finish_reason is FinishReason.LENGTH for each in requests]
        expect_equal(
            ([each.tokens for each in requests], s.books.faults),
            (
                [
                    told(each) if well else told(each)[: len(each.tokens)]
                    for each, well in zip(requests, whole, strict=True)
                ],
                [],
            ),
            asked="(all answers: those of serving alone, faults that the runner found with the plans)",
            case=case,
        )
        s.idle(case)


# Answers of a model: the acceptance of task 13.3 has the last word

TEXTS = ([5, 6, 7, 8, 5, 6, 7], [9, 1, 2], list(range(40, 61)), [3], [5, 6, 7, 8, 5, 6, 7, 9])


class Scripted:
    """A proposer that knows the answers by heart, and is wrong now and then."""

    def __init__(self, answers: Mapping[str, Sequence[int]], rng: random.Random) -> None:
        self.answers, self.rng = answers, rng

    def propose(self, requests: Sequence[Request], most: Sequence[int]) -> Sequence[Sequence[int]]:
        return [
            [
                token if self.rng.random() < 0.8 else token + 1
                for token in self.answers[request.id][len(request.tokens) : len(request.tokens) + limit]
            ]
            for request, limit in zip(requests, most, strict=True)
        ]

    def forget(self, request_id: str) -> None:
        pass


def on_the_model(
    kind: str, proposer: Proposer | None, requests: Sequence[Request], *, count: int = 4, memory: int = 150
) -> Engine:
    """Serves requests on the tiny model, with guesses if there is a proposer; returns the engine."""
    options: dict[str, Any] = {"max_running": 3, "max_batched_tokens": 24, "max_seq_len": 64, "headroom": 2}
    control = {} if proposer is None else {"proposer": proposer, "control": FixedGuesses(count)}
    limits = {"max_running": 3, "max_seq_len": 64}
    scheduler: PreemptiveScheduler
    runner: Runner
    if kind == "slots":
        make = PreemptiveScheduler if proposer is None else SpeculativeScheduler
        scheduler = make(max_memory_tokens=memory, **control, **options)
        runner = (MlxRunner if proposer is None else SpeculativeRunner)(MODEL, **limits)
    elif kind == "blocks":
        caching: Any = CachingScheduler if proposer is None else SpeculativeCachingScheduler
        scheduler = caching(cache=PrefixCache(16, 4), max_memory_tokens=memory, **control, **options)
        reader: Any = CachingRunner if proposer is None else SpeculativeCachingRunner
        runner = reader(MODEL, num_blocks=16, block_size=4, **limits)
    else:
        pages = memory // 4
        paged: Any = PagedScheduler if proposer is None else SpeculativePagedScheduler
        scheduler = paged(allocator=BlockAllocator(pages, 4), **control, **options)
        turning: Any = PagedRunner if proposer is None else SpeculativePagedRunner
        runner = turning(MODEL, num_blocks=pages, block_size=4)
    engine = Engine(scheduler, runner)
    for request in requests:
        engine.add_request(request)
        engine.step()
    for _ in range(300):
        if engine.has_work:
            engine.step()
    return engine


@pytest.mark.task("13.3")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("memory", [150, 72])
def test_whole_answers_of_the_model(kind: str, memory: int):
    alone = [serve_alone(MODEL, text, 20) for text in TEXTS]
    answers = {str(number): each.tokens for number, each in enumerate(alone)}
    for proposer in (Scripted(answers, random.Random(3)), PromptLookup(shortest=1)):
        requests = [Request(str(number), text, 20) for number, text in enumerate(TEXTS)]
        on_the_model(kind, proposer, requests, memory=memory)
        expect_equal(
            [agrees(request.tokens, each) for request, each in zip(requests, alone, strict=True)],
            [None] * len(TEXTS),
            asked="whether each answer is that of serving alone",
            case=f"five requests on the tiny model, guesses of {type(proposer).__name__}, memory for {memory} tokens",
        )


@pytest.mark.task("13.3")
@pytest.mark.parametrize("kind", KINDS)
def test_whole_answers_that_are_drawn(kind: str):
    def asked() -> list[Request]:
        how = [
            SamplingParams(1.0, seed=1),
            SamplingParams(0.7, top_k=20, seed=2),
            SamplingParams(),
            SamplingParams(1.0),
        ]
        return [
            Request(str(number), text, 20, sampling=each)
            for number, (text, each) in enumerate(zip(TEXTS, how, strict=False))
        ]

    plain = asked()
    on_the_model(kind, None, plain)
    answers = {request.id: request.tokens for request in plain}
    for proposer in (Scripted(answers, random.Random(4)), PromptLookup(shortest=1)):
        guessing = asked()
        on_the_model(kind, proposer, guessing)
        expect_equal(
            [request.tokens for request in guessing],
            [request.tokens for request in plain],
            asked="answers that are drawn: the same with guesses and without",
            case=f"four requests on the tiny model, each drawn in its own way, guesses of {type(proposer).__name__}",
        )


# Task 13.3

VOCABULARY = 12
GREEDY = SamplingParams()
HOT = SamplingParams(temperature=1.0, seed=21)
MANNERS = [  # rows that want their tokens chosen in ways of their own
    GREEDY,
    SamplingParams(temperature=1.0, seed=1),
    SamplingParams(temperature=0.7, top_k=3, seed=2),
    SamplingParams(temperature=1.5, top_p=0.6, seed=3),
    SamplingParams(temperature=1.0, top_k=5, top_p=0.5, seed=4),
    SamplingParams(temperature=2.0, seed=1),
]


def some_logits(rows: int, seed: int = 0) -> mx.array:
    return mx.array(np.random.default_rng(seed).standard_normal((rows, VOCABULARY)).astype(np.float32) * 2)


def chosen_one_by_one(logits: mx.array, start: int, sampling: SamplingParams) -> list[int]:
    """What `sample_batch` draws for each row alone; the first row's token stands after position `start`."""
    return [
        int(sample_batch(logits[row : row + 1], [sampling], [start + 1 + row]).item()) for row in range(logits.shape[0])
    ]


def bringing(
    guesses: Sequence[int],
    *,
    name: str = "a",
    slot: int = 0,
    start: int = 5,
    before: Sequence[int] = (),
    sampling: SamplingParams = GREEDY,
) -> Work:
    """Work of a row that brings `before`, one token for certain (9), and guesses."""
    return Work(name, slot, start, [*before, 9, *guesses], 1 + len(guesses), sampling)


def saying(tokens: Sequence[int]) -> mx.array:
    """Logits (n, V) that say these tokens."""
    return mx.array(np.eye(VOCABULARY, dtype=np.float32)[list(tokens)] * 9)


@pytest.mark.task("13.3")
@pytest.mark.parametrize(
    ("guesses", "said", "tokens"),
    [
        ([], [4], [4]),
        ([4], [4, 7], [4, 7]),
        ([4], [3, 7], [3]),
        ([4, 7, 2], [4, 7, 2, 8], [4, 7, 2, 8]),
        ([4, 7, 2], [4, 7, 1, 8], [4, 7, 1]),
        ([4, 7, 2], [4, 1, 2, 8], [4, 1]),
        ([4, 7, 2], [1, 7, 2, 8], [1]),
        ([4, 4, 4], [4, 4, 5, 4], [4, 4, 5]),
    ],
    ids=["none", "one-right", "one-wrong", "all-right", "last-wrong", "middle-wrong", "first-wrong", "repeated"],
)
def test_guesses_count_until_the_first_wrong_one(guesses: list[int], said: list[int], tokens: list[int]):
    expect_equal(
        match(saying(said), [bringing(guesses)]),
        [tokens],
        asked="the guesses that are right, and one more token: what the model says after the last right one",
        case=f"guesses {guesses}; the model says {said}, each behind the token before it; temperature 0",
    )


@pytest.mark.task("13.3")
def test_rows_with_and_without_guesses_in_one_batch():
    works = [
        bringing([1, 2], name="c", slot=2),
        bringing([], name="a", slot=7),
        bringing([3, 4, 5], name="d", slot=0),
        bringing([6], name="b", slot=5),
    ]
    said = [1, 8, 2, 11, 3, 4, 5, 10, 0, 6]
    expect_equal(
        match(saying(said), works),
        [[1, 8], [11], [3, 4, 5, 10], [0]],
        asked="each work's new tokens, in the order of the works: logits come in that order, `wanted` rows of each",
        case="c guesses 1 2, a nothing, d 3 4 5, b 6; in slots 2, 7, 0, 5; "
        "the model says 1 8 2 to c, 11 to a, 3 4 5 10 to d, 0 6 to b",
    )


@pytest.mark.task("13.3")
def test_tokens_before_the_guesses_are_no_guesses():
    work = bringing([6, 3], before=[1, 2, 3, 4])
    expect_equal(
        match(saying([6, 3, 5]), [work]),
        [[6, 3, 5]],
        asked="the guesses are the last `wanted` − 1 tokens of the work; those before them are certain",
        case="a work of tokens 1 2 3 4 9 6 3, wanted 3: it guesses 6 and 3; the model says 6, 3, 5",
    )


@pytest.mark.task("13.3")
@pytest.mark.parametrize("before", [[], [1, 2, 3]], ids=["one-token", "behind-a-prompt"])
@pytest.mark.parametrize("start", [0, 1, 40])
def test_each_token_is_drawn_at_the_position_where_it_will_stand(before: list[int], start: int):
    logits = some_logits(4, seed=start)
    last = start + len(before)  # where the last certain token stands
    tokens = chosen_one_by_one(logits, last, HOT)
    expect_equal(
        match(logits, [bringing(tokens[:3], start=start, before=before, sampling=HOT)]),
        [tokens],
        asked="the tokens that sample_batch draws at positions start + number of tokens − wanted + 1 and on",
        case=f"start {start}, {len(before) + 1} certain tokens and 3 right guesses, temperature 1",
    )


@pytest.mark.task("13.3")
@pytest.mark.parametrize("sampling", MANNERS, ids=["greedy", "hot", "top-k", "top-p", "both", "hotter"])
def test_a_row_chooses_as_it_would_without_guesses(sampling: SamplingParams):
    logits = some_logits(40, seed=6)
    tokens = chosen_one_by_one(logits, 5, sampling)
    wrong = [*tokens[:17], (tokens[17] + 1) % VOCABULARY, *tokens[18:39]]
    expect_equal(
        match(logits, [bringing(wrong, sampling=sampling)]),
        [tokens[:18]],
        asked="the 18 tokens that come one by one: guesses change how many come in a step, and never which",
        case=f"39 guesses, the 18th is wrong; {sampling}",
    )


@pytest.mark.task("13.3")
def test_each_row_keeps_its_manners_and_its_seed():
    starts, counts = [30, 2, 11, 4, 19, 2], [3, 0, 5, 2, 1, 4]
    logits = [some_logits(1 + count, seed=40 + row) for row, count in enumerate(counts)]
    alone = [chosen_one_by_one(mine, start, own) for mine, start, own in zip(logits, starts, MANNERS, strict=True)]
    works = [
        bringing(alone[row][: counts[row]], name="fbdace"[row], slot=5 - row, start=starts[row], sampling=own)
        for row, own in enumerate(MANNERS)
    ]
    expect_equal(
        match(mx.concatenate(logits), works),
        alone,
        asked="each row's tokens as sample_batch draws them one by one: greedy, top-k and top-p rows in one batch",
        case=f"six rows that begin at {starts} and make {counts} guesses, all right, each with parameters of its own",
    )


@pytest.mark.task("13.3")
@settings(max_examples=60)
@given(data=st.data())
def test_neighbours_guesses_change_nothing(data: st.DataObject):
    rows = data.draw(st.integers(1, 5))
    counts = data.draw(st.lists(st.integers(0, 4), min_size=rows, max_size=rows))
    starts = data.draw(st.lists(st.integers(0, 30), min_size=rows, max_size=rows))
    right = data.draw(st.lists(st.integers(0, 4), min_size=rows, max_size=rows))
    works, logits, expected = [], [], []
    for row in range(rows):
        mine = some_logits(1 + counts[row], seed=100 + row)
        tokens = chosen_one_by_one(mine, starts[row], MANNERS[row])
        guesses = [token if at < right[row] else token + 1 for at, token in enumerate(tokens[:-1])]
        works.append(bringing(guesses, name=f"r{row}", slot=row, start=starts[row], sampling=MANNERS[row]))
        logits.append(mine)
        expected.append(tokens[: min(right[row], counts[row]) + 1])
    order = data.draw(st.permutations(range(rows)))
    expect_equal(
        match(mx.concatenate([logits[row] for row in order]), [works[row] for row in order]),
        [expected[row] for row in order],
        asked="each row's tokens are those that it would get alone, as far as its own guesses are right",
        case=f"rows {list(order)} in this order; of rows 0, 1, …: guesses {counts}, right ones {right}, "
        f"starts {starts}, their parameters each their own",
    )


# Task 13.4

GRID = 24  # probabilities are multiples of 1 / 24, so that all that is decided at borders is decided at known ones


def shares(*parts: int) -> np.ndarray:
    """Probabilities: so many 24ths each."""
    assert sum(parts) == GRID
    return np.array(parts, dtype=float) / GRID


DRAFT_AND_TARGET = {
    "the-draft-says-too-much": (shares(12, 8, 4), shares(6, 8, 10)),
    "equal": (shares(12, 8, 4), shares(12, 8, 4)),
    "disjoint": (shares(12, 12, 0, 0), shares(0, 0, 6, 18)),
    "a-sure-guess": (shares(0, 24, 0), shares(6, 12, 6)),
    "a-sure-guess-that-is-impossible": (shares(0, 24, 0), shares(8, 0, 16)),
    "a-sure-target": (shares(8, 12, 4), shares(0, 0, 24)),
    "a-token-that-only-the-target-has": (shares(12, 12, 0), shares(6, 6, 12)),
    "a-token-that-only-the-draft-has": (shares(8, 8, 8), shares(12, 12, 0)),
    "two-tokens": (shares(16, 8), shares(8, 16)),
    "reversed": (shares(2, 4, 6, 12), shares(12, 6, 4, 2)),
}


def borders_of(*tables: np.ndarray) -> list[float]:
    """Where a uniform number may change what is chosen: sorted, from 0 to 1."""
    found = {0.0, 1.0}
    for table in tables:
        found |= {float(each) for each in table if 0 < each < 1}
    inside = sorted(found)
    return [a for a, b in zip(inside, [*inside[1:], 2.0], strict=True) if b - a > 1e-12]


def pieces_of(borders: Sequence[float]) -> list[tuple[float, float]]:
    """The middle and the length of each piece between borders."""
    return [((a + b) / 2, b - a) for a, b in pairwise(borders)]


def left_over(target: np.ndarray, draft: np.ndarray) -> np.ndarray:
    """The residual, said once more, for the borders only."""
    more = np.clip(target - draft, 0, None)
    return more / more.sum() if more.sum() else target


def choosing_pieces(target: np.ndarray, draft: np.ndarray | None) -> list[tuple[float, float]]:
    """The pieces of the choosing number in which neither the target nor the residual changes its mind."""
    tables = [np.cumsum(target)] + ([] if draft is None else [np.cumsum(left_over(target, draft))])
    return pieces_of(borders_of(*tables))


def accepting_pieces(target: np.ndarray, draft: np.ndarray, guess: int) -> list[tuple[float, float]]:
    """The pieces of the accepting number in which a guess is accepted or not."""
    return pieces_of(borders_of(np.array([target[guess] / draft[guess]])))


def integrated(target: np.ndarray, draft: np.ndarray) -> dict[tuple[int, ...], float]:
    """With which probability `accept` returns each list of tokens, over all guesses and all uniform numbers.

    target: (k + 1, V), draft: (k, V), and the same at every place, whatever came before it.
    """
    found: dict[tuple[int, ...], float] = {}
    places, vocabulary = draft.shape
    last = choosing_pieces(target[-1], None)
    for guesses in product(range(vocabulary), repeat=places):
        said = float(np.prod([draft[place, guess] for place, guess in enumerate(guesses)]))
        if said == 0:
            continue
        axes: list[list[tuple[float, float]]] = []
        for place, guess in enumerate(guesses):
            axes += [accepting_pieces(target[place], draft[place], guess), choosing_pieces(target[place], draft[place])]
        for point in product(*axes, last):
            weight = said * float(np.prod([length for _, length in point]))
            numbers = [middle for middle, _ in point]
            draws = [(numbers[2 * place], numbers[2 * place + 1]) for place in range(places)]
            tokens = tuple(accept(target, draft, list(guesses), [*draws, (0.5, numbers[-1])]))
            found[tokens] = found.get(tokens, 0.0) + weight
    return found


def beginning_with(found: dict[tuple[int, ...], float], tokens: Sequence[int], later: np.ndarray) -> float:
    """The probability that an answer begins so; where fewer tokens came, the rest is drawn as `later` says, (n, V)."""
    total = 0.0
    for got, weight in found.items():
        if got[: len(tokens)] == tuple(tokens[: len(got)]):
            rest = range(len(got), len(tokens))
            total += weight * float(np.prod([later[place, tokens[place]] for place in rest]))
    return total


def expect_table(got: Sequence[float], expected: Sequence[float], *, asked: str, case: str) -> None:
    """Fail unless each number is within 1e-12 of what is expected."""
    ok = len(got) == len(expected) and all(abs(a - b) < 1e-12 for a, b in zip(got, expected, strict=True))
    expect_true(
        ok,
        asked=asked,
        case=case,
        got=str([float(f"{each:.6g}") for each in got]),
        expected=str([float(f"{each:.6g}") for each in expected]),
    )


def in_24ths(table: np.ndarray) -> str:
    return " ".join(f"{each * GRID:.3g}" for each in table)


@pytest.mark.task("13.4")
@pytest.mark.parametrize("pair", DRAFT_AND_TARGET, ids=str)
def test_the_residual_is_what_the_target_has_more_of(pair: str):
    draft, target = DRAFT_AND_TARGET[pair]
    given = target.copy(), draft.copy()
    expect_table(
        np.asarray(residual(target, draft)).tolist(),
        left_over(target, draft).tolist(),
        asked="max(target − draft, 0), scaled so that it adds up to 1; the target if nothing is left",
        case=f"target {in_24ths(target)}, draft {in_24ths(draft)} (24ths)",
    )
    expect_equal((target, draft), given, asked="(target, draft): what was given is left as it was", case="the same")


@pytest.mark.task("13.4")
@pytest.mark.parametrize("pair", DRAFT_AND_TARGET, ids=str)
def test_the_first_token_is_distributed_as_the_target_says(pair: str):
    draft, target = DRAFT_AND_TARGET[pair]
    behind = shares(*([0] * (len(target) - 2)), 6, 18)
    found = integrated(np.stack([target, behind]), draft[None])
    expect_table(
        [beginning_with(found, [token], behind[None]) for token in range(len(target))],
        target.tolist(),
        asked="with which probability the first token is 0, 1, …: what the target says, exactly",
        case=f"one guess; target {in_24ths(target)}, draft {in_24ths(draft)} (24ths); "
        "every guess and every piece of the two uniform numbers, weighted",
    )


@pytest.mark.task("13.4")
@pytest.mark.parametrize("pair", DRAFT_AND_TARGET, ids=str)
def test_a_guess_is_accepted_as_often_as_can_be(pair: str):
    draft, target = DRAFT_AND_TARGET[pair]
    found = integrated(np.stack([target, target]), draft[None])
    expect_table(
        [sum(weight for got, weight in found.items() if len(got) == 2)],
        [float(np.minimum(draft, target).sum())],
        asked="how often a guess is accepted: the sum of what both have in common, min(target, draft)",
        case=f"one guess; target {in_24ths(target)}, draft {in_24ths(draft)} (24ths)",
    )


@pytest.mark.task("13.4")
@pytest.mark.parametrize("guesses", [2, 3])
def test_pairs_of_tokens_are_distributed_as_the_target_says(guesses: int):
    target = np.stack([shares(6, 8, 10), shares(16, 2, 6), shares(0, 18, 6), shares(12, 8, 4)])[: guesses + 1]
    draft = np.stack([shares(12, 8, 4), shares(4, 8, 12), shares(8, 8, 8)])[:guesses]
    found = integrated(target, draft)
    pairs = list(product(range(3), repeat=2))
    expect_table(
        [beginning_with(found, pair, target) for pair in pairs],
        [float(target[0, first] * target[1, second]) for first, second in pairs],
        asked="with which probability the first two tokens are 0 0, 0 1, …: what the target says, exactly",
        case=f"{guesses} guesses, target and draft different at each place; where one token came, "
        "the second is drawn from the target in the next step",
    )


@pytest.mark.task("13.4")
def test_behind_accepted_guesses_one_more_is_drawn_from_the_target():
    target = np.stack([shares(0, 24, 0), shares(0, 0, 24), shares(6, 12, 6)])
    draft = np.stack([shares(8, 8, 8), shares(8, 8, 8)])
    numbers = [0.0, 0.2499, 0.2501, 0.7499, 0.7501, 0.9999]
    expect_equal(
        [accept(target, draft, [1, 2], [(0.5, 0.5), (0.5, 0.5), (0.9999, number)]) for number in numbers],
        [[1, 2, 0], [1, 2, 0], [1, 2, 1], [1, 2, 1], [1, 2, 2], [1, 2, 2]],
        asked="both guesses, and the token at which the target's summed probabilities pass the last second number",
        case=f"two guesses that the target is sure of; after them it says ¼ ½ ¼; the last second number is {numbers}",
    )


@pytest.mark.task("13.4")
def test_without_guesses_one_token_is_drawn_from_the_target():
    target = shares(6, 12, 6)[None]
    expect_equal(
        [accept(target, target[:0], [], [(0.99, number)]) for number in (0.1, 0.5, 0.9)],
        [[0], [1], [2]],
        asked="one token, drawn from the target with the second number",
        case="no guesses; target ¼ ½ ¼; second numbers 0.1, 0.5, 0.9",
    )


@pytest.mark.task("13.4")
def test_exactly_at_the_border_a_guess_is_refused():
    target, draft = np.stack([shares(6, 18), shares(24, 0)]), shares(12, 12)[None]
    expect_equal(
        [accept(target, draft, [0], [(number, 0.3), (0.5, 0.5)]) for number in (0.5 - 2**-40, 0.5, 0.5 + 2**-40)],
        [[0, 0], [1], [1]],
        asked="accepted if the first number is below target / draft: numbers from 0 to below it are just so many",
        case="target / draft is exactly ½; the first number just below it, ½, just above",
    )


@pytest.mark.task("13.4")
def test_what_the_target_never_says_is_never_accepted():
    target, draft = np.stack([shares(0, 24), shares(24, 0)]), shares(24, 0)[None]
    expect_equal(
        accept(target, draft, [0], [(0.0, 0.0), (0.0, 0.0)]),
        [1],
        asked="a guess with probability 0 in the target is refused, and the residual has no such token either",
        case="target 0 1, draft 1 0; all numbers are 0.0, the smallest that there is",
    )


@pytest.mark.task("13.4")
def test_where_both_are_equal_nothing_is_refused():
    same = shares(12, 8, 4)
    target, draft = np.stack([same, same]), same[None]
    expect_equal(
        [accept(target, draft, [guess], [(1 - 2**-53, 0.0), (0.0, 0.9)]) for guess in range(3)],
        [[0, 2], [1, 2], [2, 2]],
        asked="the guess, and one more",
        case="target and draft are equal; the first number is 1 − 2⁻⁵³, the largest that there is",
    )


@pytest.mark.task("13.4")
def test_every_place_has_numbers_of_its_own():
    target = np.stack([shares(12, 12)] * 4)
    draft = np.stack([shares(24, 0)] * 3)
    case = "target ½ ½ everywhere; three guesses of token 0, of which the draft is sure"
    for refused in range(3):
        draws = [(0.25, 0.75), (0.25, 0.75), (0.25, 0.75), (0.25, 0.25)]
        draws[refused] = (0.75, 0.0)
        expect_equal(
            accept(target, draft, [0, 0, 0], draws),
            [0] * refused + [1],
            asked="the guesses before the first refused one, and one from the residual: nothing after it",
            case=f"{case}; guess {refused + 1} is refused",
        )
    expect_equal(
        accept(target, draft, [0, 0, 0], [(0.25, 0.75)] * 3 + [(0.75, 0.25)]),
        [0, 0, 0, 0],
        asked="three guesses, and one more, drawn with the last place's second number",
        case=f"{case}; none is refused",
    )


@pytest.mark.task("13.4")
def test_a_sure_guess_that_the_target_shares_is_kept():
    greedy_logits = some_logits(4, seed=3)
    said = mx.argmax(greedy_logits, axis=-1).tolist()
    works = [
        bringing(said[:3], name="right"),
        bringing([said[0], (said[1] + 1) % VOCABULARY, said[2]], name="wrong", slot=1),
        bringing([], name="none", slot=2),
    ]
    expect_equal(
        Rejection(lambda work: None)(mx.concatenate([greedy_logits, greedy_logits, greedy_logits[:1]]), works),
        [said, said[:2], said[:1]],
        asked="at temperature 0: the guesses that are the most likely tokens, and one more",
        case="three rows, guesses that are all right; the second wrong; none",
    )


@pytest.mark.task("13.4")
def test_a_rows_draws_do_not_depend_on_its_neighbours():
    starts, counts = [30, 2, 11, 4, 19, 2], [3, 0, 5, 2, 1, 4]
    logits = [some_logits(1 + count, seed=60 + row) for row, count in enumerate(counts)]
    works = [
        bringing([2, 7, 2, 0, 5][:count], name="fbdace"[row], slot=5 - row, start=starts[row], sampling=MANNERS[row])
        for row, count in enumerate(counts)
    ]
    choose = Rejection(lambda work: None)
    alone = [choose(mine, [work])[0] for mine, work in zip(logits, works, strict=True)]
    for order in ([0, 1, 2, 3, 4, 5], [5, 3, 1, 0, 2, 4]):
        expect_equal(
            choose(mx.concatenate([logits[row] for row in order]), [works[row] for row in order]),
            [alone[row] for row in order],
            asked="the same tokens as alone, whatever guesses beside it, and in whatever order",
            case=f"six rows, greedy, top-k and top-p ones, with {counts} guesses; in the order {order}",
        )


@pytest.mark.task("13.4")
@pytest.mark.parametrize("sampling", [MANNERS[0], MANNERS[1], MANNERS[4]], ids=["greedy", "all", "top-k-and-top-p"])
def test_answers_with_drawn_guesses_are_distributed_as_without(sampling: SamplingParams):
    """Integrated by counting: rows that differ in their seed only, with guesses drawn as a draft draws them."""
    rows, logits = 1500, some_logits(2, seed=8)
    draft = probabilities(some_logits(1, seed=9), [SamplingParams(temperature=2.0)])
    guessed, works = [], []
    for seed in range(rows):
        own = SamplingParams(sampling.temperature, sampling.top_k, sampling.top_p, seed)
        reached = np.cumsum(draft[0])
        guessed.append(int((reached > three_draws(seed, 6)[0] * reached[-1]).argmax()))
        works.append(bringing(guessed[-1:], name=str(seed), sampling=own))
    got = Rejection(lambda work: draft)(mx.concatenate([logits] * rows), works)
    expected = probabilities(logits[:1], [sampling])[0]
    counted = np.bincount([tokens[0] for tokens in got], minlength=VOCABULARY) / rows
    slack = 5 * np.sqrt(expected * (1 - expected) / rows)
    expect_true(
        bool((np.abs(counted - expected) <= slack + 1e-12).all()),
        asked="how often the first token is 0, 1, …: as the target says, within five standard deviations",
        case=f"{rows} seeds, one guess each, drawn from another model at temperature 2; {sampling}",
        got=str(counted.round(3).tolist()),
        expected=f"about {expected.round(3).tolist()}",
    )


@pytest.mark.task("13.4")
def test_a_draft_that_says_the_same_is_always_believed():
    """A draft that remembers from what it drew, and a target with the same logits: everything is accepted."""
    model = tiny_random(seed=5)
    runner = DrawingRunner(model, max_running=3, max_seq_len=32)
    logits = mx.array(np.random.default_rng(2).standard_normal((9, 20)).astype(np.float32) * 2)
    works = []
    for row, sampling in enumerate(MANNERS[1:4]):
        tokens = [9]
        for place in range(2):
            one = Work(f"r{row}", row, 5 + place, tokens[-1:], 1, sampling)
            tokens += runner.choose(logits[3 * row + place : 3 * row + place + 1], [one])[f"r{row}"]
        works.append(Work(f"r{row}", row, 5, tokens, 3, sampling))
    got = Rejection(runner.said)(logits, works)
    expect_equal(
        [tokens[:2] for tokens in got],
        [list(work.tokens[1:]) for work in works],
        asked="both guesses of each row are accepted: target and draft are equal",
        case="three rows, two guesses each, drawn by a DrawingRunner from the logits that the target has too",
    )
    expect_equal([len(tokens) for tokens in got], [3] * 3, asked="and one token more each", case="the same")


# Task 13.5


@dataclass
class Drafting:
    """A draft model on the pretended runner."""

    draft: DraftModel
    books: Books
    passes: list[list[tuple[str, int, int, int]]] = field(default_factory=list)  # of the last call

    def ask(self, *wanted: tuple[Request, int]) -> Sequence[Sequence[int]]:
        """What it guesses for some requests, at most that many for each."""
        for request, _ in wanted:
            self.books.known[request.id] = request
        before = len(self.books.plans)
        found = self.draft.propose([request for request, _ in wanted], [most for _, most in wanted])
        self.passes = [brief(plan) for plan in self.books.plans[before:]]
        return found


class Draft(Books):
    """Books in which a request's text goes on with what the draft says of it."""

    def run(self, plan: StepPlan) -> Mapping[str, Sequence[int]]:
        self.plans.append(plan)
        found = {
            work.request_id: self._compute(work, lambda work, position: (work.slot, position)) for work in plan.work
        }
        return {work.request_id: found[work.request_id] for work in plan.work if work.wanted}

    def _text(self, name: str) -> tuple[int, ...]:
        request, text = self.known[name], super()._text(name)
        for _ in range(20):
            text = (*text, says(text, request.sampling.seed))
        return text


def drafting(*, max_running: int = 4, max_batched_tokens: int = 256) -> Drafting:
    books = Draft()
    return Drafting(DraftModel(books, max_running=max_running, max_batched_tokens=max_batched_tokens), books)


def go_on(request: Request, tokens: Sequence[int]) -> None:
    for token in tokens:
        request.append_token(token)


def thought(request: Request, count: int) -> list[int]:
    """What the draft says after a request's tokens."""
    history = [*request.prompt, *request.tokens]
    for _ in range(count):
        history.append(says(history, request.sampling.seed))
    return history[len(history) - count :] if count else []


def drafted(name: str, size: int, answer: Sequence[int] = (), seed: int = 0) -> Request:
    request = ask(name, size, 90, seed=seed)
    request.advance(RequestState.PREFILLING)
    request.advance(RequestState.DECODING)
    go_on(request, answer)
    return request


@pytest.mark.task("13.5")
def test_the_draft_says_what_it_would_say_alone():
    d = drafting()
    wanted = [(drafted("a", 5, [3]), 4), (drafted("b", 9, [1, 2]), 1), (drafted("c", 2, seed=2), 3)]
    expect_equal(
        (d.ask(*wanted), d.books.faults),
        ([thought(request, most) for request, most in wanted], []),
        asked="(the guesses, faults that the runner found)",
        case="three requests of 6, 11 and 2 tokens want 4, 1 and 3 guesses",
    )


@pytest.mark.task("13.5")
def test_one_pass_for_all_rows():
    d = drafting()
    d.ask((drafted("a", 5, [3]), 3), (drafted("b", 9, [1, 2]), 1), (drafted("c", 2), 2))
    expect_equal(
        d.passes,
        [[("a", 0, 6, 1), ("b", 0, 11, 1), ("c", 0, 2, 1)], [("a", 6, 1, 1), ("c", 2, 1, 1)], [("a", 7, 1, 1)]],
        asked="(request, start, tokens, wanted) of each pass: what is missing, then a guess for each that wants more",
        case="three requests of 6, 11 and 2 tokens want 3, 1 and 2 guesses",
    )


@pytest.mark.task("13.5")
@pytest.mark.parametrize(("right", "start", "tokens"), [(0, 6, 1), (1, 7, 1), (2, 8, 1), (3, 8, 2)])
def test_wrong_guesses_are_taken_back(right: int, start: int, tokens: int):
    d, a = drafting(), drafted("a", 5, [3])
    guesses = list(d.ask((a, 3))[0])
    go_on(a, [*guesses[:right], (thought(a, right + 1)[right] + 1) % 11])
    again = list(d.ask((a, 3))[0])
    expect_equal(
        (d.passes[0], again, d.books.faults),
        ([("a", start, tokens, 1)], thought(a, 3), []),
        asked="((request, start, tokens, wanted) of the first pass, the new guesses, faults): stored are the tokens "
        "that went in: the last guess is not",
        case=f"6 tokens and 3 guesses, of which {right} came true; after them came another token",
    )


@pytest.mark.task("13.5")
@pytest.mark.parametrize("rounds", [[0, 0, 0], [4, 4, 4], [4, 0, 4, 1], [2, 3, 0, 4]])
def test_round_after_round(rounds: list[int]):
    d, a, b = drafting(), drafted("a", 5, [3]), drafted("b", 8, [2, 2])
    reads = [6, 10]
    for turn, right in enumerate(rounds):
        got = d.ask((a, 4), (b, 4))
        expect_equal(
            (got, [size for _, _, size, _ in d.passes[0]], d.books.faults),
            ([thought(a, 4), thought(b, 4)], reads, []),
            asked="(the guesses, how many tokens of each the first pass reads, faults): one that was not guessed, and "
            "the last guess if all came true",
            case=f"call {turn + 1} of some, in which {rounds} guesses of 4 come true for a, and the rest of 4 for b",
        )
        for request, count, guesses in ((a, right, got[0]), (b, 4 - right, got[1])):
            go_on(request, guesses[:count])
            go_on(request, [(thought(request, 1)[0] + 1) % 11])
        reads = [1 + (right == 4), 1 + (right == 0)]


@pytest.mark.task("13.5")
def test_the_same_again_if_no_token_came():
    d, a = drafting(), drafted("a", 5, [3])
    got = [list(d.ask((a, 3))[0]) for _ in range(3)]
    expect_equal(
        (got, d.passes[0], d.books.faults),
        ([thought(a, 3)] * 3, [("a", 5, 1, 1)], []),
        asked="(the guesses of three calls, the first pass of the third, faults): it reads the last token again",
        case="a request is asked for three times, and gets no token",
    )


@pytest.mark.task("13.5")
def test_who_wants_none_is_not_read():
    d, a, b = drafting(max_running=1), drafted("a", 5, [3]), drafted("b", 4)
    none = d.ask((a, 0), (b, 0)), list(d.passes)
    first = d.ask((a, 0), (b, 2)), list(d.passes[0])
    expect_equal(
        (none, first, d.ask()),
        ((([], []), []), (([], thought(b, 2)), [("b", 0, 4, 1)]), []),
        asked="((guesses, passes) of a call where nobody wants any, (guesses, first pass) if b does, of nobody): "
        "a request that wants none takes no slot either",
        case="one slot; a wants no guess, b wants none and then 2",
    )


@pytest.mark.task("13.5")
def test_who_wants_some_now_and_then():
    d, a, b = drafting(), drafted("a", 5, [3]), drafted("b", 4)
    guesses = d.ask((a, 3), (b, 1))[0]
    for tokens in (guesses[:1], [(guesses[1] + 1) % 11, 3], [4, 5]):
        go_on(a, tokens)
        d.ask((a, 0), (b, 1))
    got = d.ask((a, 2), (b, 1))
    expect_equal(
        (got, d.passes[0], d.books.faults),
        ([thought(a, 2), thought(b, 1)], [("a", 7, 4, 1), ("b", 3, 1, 1)], []),
        asked="(the guesses, (request, start, tokens, wanted) of the first pass, faults): one guess came true",
        case="a makes 3 guesses, wants none for three calls while 5 tokens come, and then wants 2",
    )


@pytest.mark.task("13.5")
@pytest.mark.parametrize(
    ("budget", "first", "guesses", "second"),
    [
        (
            14,
            [("a", 0, 6, 1), ("b", 0, 4, 1), ("c", 0, 4, 1)],
            (2, 2, 2),
            [("a", 6, 1, 1), ("b", 3, 1, 1), ("c", 3, 1, 1)],
        ),
        (
            13,
            [("a", 0, 6, 1), ("b", 0, 4, 1), ("c", 0, 3, 0)],
            (2, 2, 0),
            [("a", 6, 1, 1), ("b", 3, 1, 1), ("c", 3, 1, 1)],
        ),
        (10, [("a", 0, 6, 1), ("b", 0, 4, 1)], (2, 2, 0), [("a", 6, 1, 1), ("b", 3, 1, 1), ("c", 0, 4, 1)]),
        (9, [("a", 0, 6, 1), ("b", 0, 3, 0)], (2, 0, 0), [("a", 6, 1, 1), ("b", 3, 1, 1), ("c", 0, 4, 1)]),
        (8, [("a", 0, 6, 1), ("b", 0, 2, 0)], (2, 0, 0), [("a", 6, 1, 1), ("b", 2, 2, 1), ("c", 0, 4, 1)]),
        (6, [("a", 0, 6, 1)], (2, 0, 0), [("a", 6, 1, 1), ("b", 0, 4, 1), ("c", 0, 1, 0)]),
        (5, [("a", 0, 5, 0)], (0, 0, 0), [("a", 5, 1, 1), ("b", 0, 4, 1)]),
    ],
    ids=["14", "13", "10", "9", "8", "6", "5"],
)
def test_it_reads_so_many_tokens_a_call(budget: int, first: Any, guesses: Any, second: Any):
    d = drafting(max_batched_tokens=budget)
    requests = [drafted("a", 5, [3]), drafted("b", 4), drafted("c", 4)]
    got = d.ask(*[(request, 2) for request in requests])
    passes = [d.passes[0]]
    expected = [thought(request, count) for request, count in zip(requests, guesses, strict=True)]
    go_on(requests[0], [] if budget == 5 else [(got[0][0] + 1) % 11] if got[0] else [1])
    d.ask(*[(request, 2) for request in requests])
    passes.append(d.passes[0])
    expect_equal(
        (got, passes, d.books.faults),
        (expected, [first, second], []),
        asked="(the guesses of the first call, the first pass of two calls, faults): in order while tokens last, then "
        "from there",
        case=f"a has 6 tokens, b and c have 4, and the draft reads {budget} a call",
    )


@pytest.mark.task("13.5")
def test_more_requests_than_slots():
    d = drafting(max_running=2)
    a, b, c = drafted("a", 5), drafted("b", 4), drafted("c", 6)
    first = d.ask((a, 2), (b, 2), (c, 2))
    second = d.ask((c, 2), (b, 2), (a, 2))
    d.draft.forget("a")
    third = d.ask((b, 2), (c, 2))
    expect_equal(
        (first, second, third, d.books.faults),
        (
            [thought(a, 2), thought(b, 2), []],
            [[], thought(b, 2), thought(a, 2)],
            [thought(b, 2), thought(c, 2)],
            [],
        ),
        asked="(the guesses of three calls, faults): c has none until a slot is free",
        case="two slots, three requests; a is forgotten before the third call",
    )


@pytest.mark.task("13.5")
def test_a_slot_of_somebody_who_has_gone():
    d = drafting(max_running=1)
    first = d.ask((drafted("a", 9, [1, 2]), 3))
    d.draft.forget("a")
    d.draft.forget("nobody")
    a = drafted("a", 4, seed=1)
    expect_equal(
        (len(first[0]), d.ask((a, 3)), d.passes[0], d.books.faults),
        (3, [thought(a, 3)], [("a", 0, 4, 1)], []),
        asked="(how many guesses the first a has, those of the second, its first pass, faults): it is read anew",
        case="a request is forgotten, and another one with its name gets its slot",
    )


@pytest.mark.task("13.5")
def test_any_course_of_a_draft():
    for seed in range(150):
        rng = random.Random(seed)
        slots = rng.choice([1, 2, 4])
        d = drafting(max_running=slots, max_batched_tokens=slots + rng.choice([0, 3, 40]))
        requests = [drafted(name, rng.randrange(1, 9), seed=rng.randrange(3)) for name in "abcd"[: rng.randrange(1, 5)]]
        for _ in range(12):
            asked = [(request, rng.randrange(5)) for request in rng.sample(requests, rng.randrange(len(requests) + 1))]
            got = d.ask(*asked)
            expected = [thought(request, most)[: len(one)] for (request, most), one in zip(asked, got, strict=True)]
            whole = [len(one) in (0, most) for (_, most), one in zip(asked, got, strict=True)]
            sizes = [sum(size for _, _, size, _ in each) <= d.draft.max_batched_tokens for each in d.passes]
            expect_equal(
                (got, whole, sizes, d.books.faults),
                (expected, [True] * len(asked), [True] * len(sizes), []),
                asked="(the guesses, whether each has all or none, whether each pass keeps to its tokens, faults)",
                case=f"course {seed}: requests that come and go, guess more and less, and are now right, now wrong",
            )
            for (request, _), guesses in zip(asked, got, strict=True):
                go_on(request, guesses[: rng.randrange(len(guesses) + 1)])
                go_on(request, [rng.randrange(11) for _ in range(rng.randrange(3))])
            if rng.random() < 0.2:
                d.draft.forget(rng.choice(requests).id)


@pytest.mark.task("13.5")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sampling", [SamplingParams(), SamplingParams(0.9, top_k=40, seed=7)], ids=["greedy", "drawn"])
def test_a_draft_that_thinks_alike(kind: str, sampling: SamplingParams):
    class Counting(FixedGuesses):
        made = right = 0

        def judged(self, request_id: str, guesses: int, right: int) -> None:
            self.made, self.right = self.made + guesses, self.right + right

    plain = [Request(str(number), text, 13, sampling=sampling) for number, text in enumerate(TEXTS)]
    on_the_model(kind, None, plain)
    requests = [Request(str(number), text, 13, sampling=sampling) for number, text in enumerate(TEXTS)]
    draft = DraftModel(MlxRunner(MODEL, max_running=3, max_seq_len=64), max_running=3)
    draft.propose([], [])  # a scheduler does without a proposer that is not there yet
    engine = on_the_model(kind, draft, [])
    scheduler: Any = engine.scheduler
    scheduler.control = control = Counting(3)
    for request in requests:
        engine.add_request(request)
    for _ in range(300):
        if engine.has_work:
            engine.step()
    expect_equal(
        ([each.tokens for each in requests], control.made > 30, control.right, scheduler.proposer_error),
        ([each.tokens for each in plain], True, control.made, None),
        asked="(the answers, whether there were guesses, how many came true: all, the proposer's error)",
        case="the tiny model guesses for itself, 3 guesses each, three slots and five requests",
    )


# Task 13.6

FEW = ModelShape(
    "toy", layers=3, width=20, query_heads=6, kv_heads=2, head_dim=5, ffn_width=7, vocab=11, weight_bytes=2, kv_bytes=2
)


def box(flops: float = 1e6, bandwidth: float = 1e6) -> Hardware:
    return Hardware("a test machine", flops, bandwidth, 1e9)


@pytest.mark.task("13.6")
@pytest.mark.parametrize(
    ("acceptance", "guesses", "tokens"),
    [
        (0.0, 0, 1.0),
        (0.0, 5, 1.0),
        (1.0, 0, 1.0),
        (1.0, 5, 6.0),
        (0.5, 0, 1.0),
        (0.5, 1, 1.5),
        (0.5, 3, 1.875),
        (0.8, 2, 2.44),
        (0.9, 4, 4.0951),
    ],
)
def test_how_many_tokens_a_step_makes(acceptance: float, guesses: int, tokens: float):
    expect_close(
        expected_tokens(acceptance, guesses),
        tokens,
        asked="tokens a step: one for certain, and each guess if it and all before it come true",
        case=f"each of {guesses} guesses comes true with probability {acceptance}",
    )


@pytest.mark.task("13.6")
@given(acceptance=st.floats(0, 1), guesses=st.integers(0, 6))
def test_tokens_are_the_mean_over_all_that_can_happen(acceptance: float, guesses: int):
    mean = sum(
        acceptance**right * (1 - acceptance if right < guesses else 1) * (right + 1) for right in range(guesses + 1)
    )
    expect_close(
        expected_tokens(acceptance, guesses),
        mean,
        rel=1e-9,
        asked="the mean of right + 1 over all numbers of right guesses",
        case=f"acceptance {acceptance}, {guesses} guesses",
    )


@pytest.mark.task("13.6")
@pytest.mark.parametrize(
    "flops", [1e3, 1e5, 1e6, 1e9], ids=["compute", "compute-a-little", "memory-a-little", "memory"]
)
@pytest.mark.parametrize("batch", [1, 8])
def test_without_guesses_a_step_costs_what_it_did(flops: float, batch: int):
    hardware = box(flops=flops)
    expect_close(
        verify_seconds(FEW, hardware, batch, 100, 0),
        decode_step_cost(FEW, hardware, batch, 100).seconds,
        asked="no guesses: the seconds of Day 1's decode_step_cost",
        case=f"{batch} rows of 100 positions, {flops:g} operations and 1e6 bytes a second",
    )


@pytest.mark.task("13.6")
def test_guesses_are_free_where_memory_is_waited_for():
    hardware = box(flops=1e15, bandwidth=1000.0)
    expect_close(
        verify_seconds(FEW, hardware, 4, 100, 7),
        (FEW.total_weight_bytes + 400 * kv_bytes_per_token(FEW)) / 1000,
        asked="weights and caches are read once, however many guesses look at them",
        case="4 rows of 100 positions, 7 guesses each, on a machine that computes at once",
    )


@pytest.mark.task("13.6")
def test_every_guess_is_computed_as_a_token_is():
    hardware = box(flops=1000.0, bandwidth=1e15)
    expect_close(
        verify_seconds(FEW, hardware, 4, 100, 7),
        8 * decode_step_cost(FEW, hardware, 4, 100).flops / 1000,
        asked="operations: 8 times those of a step without guesses, in the layers and in attention",
        case="4 rows of 100 positions, 7 guesses each, on a machine that reads at once",
    )


@pytest.mark.task("13.6")
def test_the_slower_of_the_two_sets_the_time():
    one = decode_step_cost(FEW, box(), 2, 50)
    even = box(flops=4 * one.flops, bandwidth=one.bytes)  # with 3 guesses, both take exactly a second
    expect_equal(
        [round(verify_seconds(FEW, even, 2, 50, guesses), 9) for guesses in range(6)],
        [1.0, 1.0, 1.0, 1.0, 1.25, 1.5],
        asked="seconds with 0 to 5 guesses: flat up to where computing takes as long as reading, and rising from there",
        case="a machine on which reading takes 1 s, and computing ¼ s for each token of a row",
    )


@pytest.mark.task("13.6")
@pytest.mark.parametrize("acceptance", [0.6, 0.95])
def test_as_many_guesses_as_are_free(acceptance: float):
    one = decode_step_cost(FEW, box(), 2, 50)
    even = box(flops=4 * one.flops, bandwidth=one.bytes)
    expect_equal(
        best_guesses(FEW, even, 2, 50, acceptance, most=8),
        3,
        asked="guess while it costs nothing; beyond that, a guess costs as much as it can bring, or more",
        case=f"three guesses are free, each further one takes ¼ of a step; acceptance {acceptance}",
    )


@pytest.mark.task("13.6")
def test_of_equally_good_numbers_the_fewest():
    free, dear = box(flops=1e15), box(flops=1.0, bandwidth=1e15)
    expect_equal(
        [
            best_guesses(FEW, free, 1, 50, 0.0),
            best_guesses(FEW, dear, 1, 50, 0.9),
            best_guesses(FEW, free, 1, 50, 0.9, most=0),
        ],
        [0, 0, 0],
        asked="no guesses: they bring nothing; they cost more than they bring; none is allowed",
        case="free guesses that never come true; guesses that cost a whole token; most = 0",
    )


@pytest.mark.task("13.6")
@pytest.mark.parametrize("most", [0, 1, 7, 16])
def test_no_more_guesses_than_most(most: int):
    expect_equal(
        best_guesses(FEW, box(flops=1e15), 1, 50, 0.9, most=most),
        most,
        asked="where each guess is free and may come true, as many as are allowed",
        case=f"most = {most}",
    )


@pytest.mark.task("13.6")
def test_the_more_rows_the_fewer_guesses():
    one = decode_step_cost(FEW, box(), 1, 1)
    even = box(flops=17 * one.flops, bandwidth=one.bytes)
    found = [best_guesses(FEW, even, batch, 1, 0.8) for batch in (1, 2, 4, 8, 16, 64)]
    expect_true(
        found == sorted(found, reverse=True) and found[0] > found[2] > found[-1] == 0,
        asked="fewer and fewer guesses, and none in the end: rows use up what is free",
        case="1, 2, 4, 8, 16, 64 rows; a row alone waits for memory 16 of 17 times as long as it computes",
        got=str(found),
        expected="falling to 0",
    )


@pytest.mark.task("13.6")
def test_what_the_draft_costs_counts():
    free = box(flops=1e15, bandwidth=1000.0)
    step = verify_seconds(FEW, free, 1, 50, 0)
    prices = (0.0, 0.05, 0.2, 0.5, 0.85, 1.0)
    found = [best_guesses(FEW, free, 1, 50, 0.8, draft_seconds=share * step) for share in prices]
    expect_equal(
        found,
        [max(range(17), key=lambda count: expected_tokens(0.8, count) / (1 + count * share)) for share in prices],
        asked="tokens over verify_seconds + guesses × draft_seconds: the dearer the draft, the fewer guesses",
        case=f"a guess is free to check, and costs {prices} of a step to make; acceptance 0.8",
    )
    rows = [best_guesses(FEW, free, batch, 1, 0.8, draft_seconds=0.2 * step) for batch in (1, 2)]
    expect_equal(
        rows[0], rows[1], asked="the same for 1 row and for 2: all rows guess together", case="contexts of 1 position"
    )


# Task 13.7


def prices(*seen: tuple[int, float], into: StepPrices | None = None) -> StepPrices:
    """Prices of which these were seen: (tokens, seconds), in this order."""
    found = StepPrices() if into is None else into
    for tokens, seconds in seen:
        found.observe(tokens, seconds)
    return found


@pytest.mark.task("13.7")
def test_before_any_step_was_seen_its_price_is_nought():
    found = StepPrices()
    expect_equal([found.of(1), found.of(99)], [0.0, 0.0], asked="0 seconds", case="no step was seen")


@pytest.mark.task("13.7")
@pytest.mark.parametrize(
    ("tokens", "seconds"),
    [(1, 3.0), (3, 3.0), (4, 3.0), (5, 3.5), (7, 4.5), (8, 5.0), (9, 6.0), (12, 9.0), (13, 9.0), (500, 9.0)],
)
def test_between_two_sizes_the_price_is_on_a_straight_line(tokens: int, seconds: float):
    expect_close(
        prices((8, 5.0), (12, 9.0), (4, 3.0)).of(tokens),
        seconds,
        asked="seen: what was seen; between: a straight line; beyond the smallest and the largest: as many as these",
        case=f"steps of 8, 12 and 4 tokens lasted 5, 9 and 3 s; a step of {tokens}",
    )


@pytest.mark.task("13.7")
def test_a_price_may_fall():
    found = prices((2, 6.0), (10, 2.0))
    expect_equal(
        [round(found.of(tokens), 9) for tokens in (2, 4, 8, 10, 20)],
        [6.0, 5.0, 3.0, 2.0, 2.0],
        asked="a straight line, whichever way it goes",
        case="steps of 2 tokens lasted 6 s, of 10 tokens 2 s",
    )


@pytest.mark.task("13.7")
@pytest.mark.parametrize("tokens", [1, 4, 100])
def test_one_size_is_the_price_of_all(tokens: int):
    expect_close(prices((4, 3.0)).of(tokens), 3.0, asked="the one price there is", case=f"a step of {tokens}")


@pytest.mark.task("13.7")
def test_a_step_that_was_held_up_does_not_count():
    seen = [(4, 3.0), (4, 3.2), (4, 90.0), (4, 3.1), (4, 3.3), (8, 5.0)]
    found = prices(*seen)
    expect_equal(
        [round(found.of(tokens), 9) for tokens in (2, 4, 6)],
        [3.2, 3.2, 4.1],
        asked="the median of what steps of a size lasted: the machine may have been busy with something else",
        case="steps of 4 tokens lasted 3.0, 3.2, 90, 3.1 and 3.3 s, one of 8 lasted 5 s; steps of 2, 4 and 6 tokens",
    )


@pytest.mark.task("13.7")
def test_what_is_long_past_does_not_count():
    found = prices(*[(4, 100.0)] * 50, *[(4, 3.0)] * (KEPT // 2 + 1))
    expect_close(found.of(4), 3.0, asked="the median of the last KEPT", case="50 steps of 100 s, then 4 of 3 s")


@pytest.mark.task("13.7")
@pytest.mark.parametrize(
    ("guesses", "right", "acceptance"),
    [
        (4, 4, (0.9 + 4) / (1.8 + 4)),
        (4, 3, (0.9 + 3) / (1.8 + 4)),
        (4, 2, (0.9 + 2) / (1.8 + 3)),
        (4, 0, 0.9 / (1.8 + 1)),
        (1, 1, (0.9 + 1) / (1.8 + 1)),
        (1, 0, 0.9 / (1.8 + 1)),
    ],
    ids=["all-of-4", "3-of-4", "2-of-4", "none-of-4", "1-of-1", "none-of-1"],
)
def test_what_is_learned_of_guesses(guesses: int, right: int, acceptance: float):
    record = Record(0.5)
    record.judge(guesses, right)
    expect_close(
        record.acceptance,
        acceptance,
        asked="right ones over those that were looked at: the right ones and the first wrong one; what was known "
        "before (1 of 2) counts FORGET times as much",
        case=f"usual 0.5; {right} of {guesses} guesses came true",
    )


@pytest.mark.task("13.7")
def test_what_is_usual_is_soon_forgotten():
    for usual in (0.01, 0.99):
        record = Record(usual)
        for _ in range(100):
            record.judge(4, 2)
        expect_close(
            record.acceptance,
            2 / 3,
            rel=1e-3,
            asked="two right and one wrong, again and again: 2 of 3, whatever was expected",
            case=f"usual {usual}; 100 times 2 of 4 guesses come true",
        )


@pytest.mark.task("13.7")
def test_acceptance_follows_what_happens():
    record = Record(0.6)
    for _ in range(40):
        record.judge(4, 4)
    high = record.acceptance
    for _ in range(20):
        record.judge(4, 0)
    expect_true(
        high > 0.95 and record.acceptance < 0.4,
        asked="old guesses count less and less: more than 0.95 at first, less than 0.4 in the end",
        case="40 times all of 4 guesses come true, then 20 times none",
        got=f"{high:.3f}, then {record.acceptance:.3f}",
    )


def decoders(*names: str) -> list[Request]:
    return [Request(name, [1, 2], 1000) for name in names]


def plan_of(requests: Sequence[Request], counts: Sequence[int]) -> StepPlan:
    """A step in which each brings its token and so many guesses."""
    return StepPlan(
        tuple(
            Work(request.id, slot, 7, [5] * (1 + count), 1 + count, GREEDY)
            for slot, (request, count) in enumerate(zip(requests, counts, strict=True))
        )
    )


def measuring(
    most: int = 8,
    *,
    plain: Sequence[tuple[int, float]] = (),
    guessing: Sequence[tuple[int, float]] = (),
    **options: Any,
) -> MeasuredGuesses:
    """A control that has seen what steps cost: (tokens, seconds), without guesses and with."""
    control = MeasuredGuesses(most, clock=VirtualClock(), **options)
    prices(*plain, into=control.plain)
    prices(*guessing, into=control.guessing)
    return control


@pytest.mark.task("13.7")
def test_a_step_lasts_from_its_allotment_to_its_success():
    clock = VirtualClock(40.0)
    control = MeasuredGuesses(clock=clock)
    rows = decoders("b", "a", "c")
    for counts, draft, model in (([0, 0, 0], 0.0, 2.0), ([2, 0, 3], 0.75, 2.5)):
        clock.advance(100.0)  # nobody asked for a step meanwhile
        control.allot(rows, 50)
        clock.advance(draft)
        clock.advance(model)
        control.stepped(plan_of(rows, counts))
    clock.advance(100.0)
    expect_equal(
        (control.plain.of(3), control.guessing.of(8)),
        (2.0, 3.25),
        asked="(price of 3 tokens without guesses, of 8 tokens with): the draft's time is in the price",
        case="3 rows: a step without guesses lasts 2 s; one with 5 guesses takes 0.75 s to guess and 2.5 s to check; "
        "100 s go by before, between and after them",
    )
    expect_equal(
        (control.plain.knows(8), control.guessing.knows(3), control.plain.knows(3), control.guessing.knows(8)),
        (False, False, True, True),
        asked="steps with guesses and without have prices of their own, under the number of all tokens that went "
        "through: whether known are (8 without, 3 with, 3 without, 8 with)",
        case="the same",
    )


@pytest.mark.task("13.7")
@pytest.mark.parametrize(
    "reading",
    [Work("p", 5, 0, [1] * 60, 1, GREEDY), Work("p", 5, 0, [1] * 60, 0, GREEDY), Work("p", 5, 0, [1, 1], 1, GREEDY)],
    ids=["a-prompt", "a-chunk", "two-tokens"],
)
@pytest.mark.parametrize("counts", [[0, 0], [2, 1]], ids=["without", "with"])
def test_a_step_in_which_prompts_are_read_is_no_price(reading: Work, counts: list[int]):
    clock = VirtualClock()
    control = MeasuredGuesses(clock=clock)
    rows = decoders("a", "b")
    control.allot(rows, 50)
    clock.advance(9.0)
    decoding = plan_of(rows, counts).work
    control.stepped(StepPlan((*decoding, reading)))
    control.stepped(StepPlan((decoding[0], reading, decoding[1])))
    expect_equal(
        [(control.plain.of(size), control.guessing.of(size)) for size in (2, 3, 5, 62, 65)],
        [(0.0, 0.0)] * 5,
        asked="(price without guesses, with): none was learned",
        case=f"two rows decode with {counts} guesses, and {len(reading.tokens)} tokens of a prompt are read with them",
    )


@pytest.mark.task("13.7")
def test_guesses_never_make_a_step_shorter():
    control = measuring(plain=[(4, 3.0)], guessing=[(6, 2.0), (10, 5.0)])
    expect_equal(
        [round(control.seconds(4, guesses), 9) for guesses in (0, 1, 2, 3, 4, 6)],
        [3.0, 3.0, 3.0, 3.0, 3.5, 5.0],
        asked="the price of a step without guesses; with some at least that, and that of rows + guesses tokens",
        case="4 rows; seen: 4 tokens without guesses 3 s; with guesses 6 tokens 2 s, 10 tokens 5 s",
    )


@pytest.mark.task("13.7")
def test_a_step_without_guesses_has_a_price_of_its_own():
    control = measuring(plain=[(4, 3.0)], guessing=[(5, 9.0)])
    expect_equal(
        [control.seconds(4, 0), control.seconds(4, 1)],
        [3.0, 9.0],
        asked="[seconds without guesses, with one]",
        case="4 rows; a step without guesses lasted 3 s, one with one guess 9 s",
    )


@pytest.mark.task("13.7")
def test_a_price_that_jumps_and_then_is_flat():
    control = measuring(8, plain=[(1, 1.0)], guessing=[(2, 2.0), (9, 2.0)], usual=0.9)
    expect_equal(
        control.allot(decoders("a"), 99),
        [8],
        asked="the best of all numbers: one guess does not pay, nor two, but eight do",
        case="one row, acceptance 0.9; without guesses a step lasts 1 s, with 1 to 8 of them 2 s",
    )


@pytest.mark.task("13.7")
def test_as_many_guesses_as_bring_the_most():
    control = measuring(8, plain=[(1, 1.0)], guessing=[(2, 1.0), (5, 1.0), (9, 5.0)], usual=0.8)
    expect_equal(
        control.allot(decoders("a"), 99),
        [4],
        asked="the number with the most tokens a second",
        case="one row, acceptance 0.8; up to 5 tokens a step lasts 1 s, and 1 s more for each further one",
    )


@pytest.mark.task("13.7")
def test_guesses_that_bring_just_what_they_cost_are_not_made():
    one = measuring(4, plain=[(1, 1.0)], guessing=[(2, 1.5), (3, 99.0)], usual=0.5)
    two = measuring(4, plain=[(1, 1.0)], guessing=[(2, 1.125), (3, 1.3125), (4, 99.0)], usual=0.5)
    expect_equal(
        (one.allot(decoders("a"), 9), two.allot(decoders("a"), 9)),
        ([0], [1]),
        asked="(no guess, one guess): of equally good choices, the fewest",
        case="one row, acceptance ½: one guess makes 1.5 tokens in 1.5 s; or 1.5 in 1.125 s, and two 1.75 in 1.3125 s",
    )


@pytest.mark.task("13.7")
@pytest.mark.parametrize("spare", [0, 1, 5, 6, 7, 100])
def test_no_more_than_there_is_room_for(spare: int):
    control = measuring(3, plain=[(2, 1.0)], guessing=[(4, 1.0), (8, 1.0)], usual=0.9)
    counts = list(control.allot(decoders("b", "a"), spare))
    expect_equal(
        (sum(counts), max(counts), counts[0] - counts[1] in (0, 1)),
        (min(spare, 6), min(3, (spare + 1) // 2), True),
        asked="(guesses in all, of one row, whether equal ones begin with the first row): at most `spare` and `most`",
        case=f"two rows with the same acceptance, guesses that cost nothing, most 3, spare {spare}",
    )


@pytest.mark.task("13.7")
def test_guesses_go_to_those_whose_guesses_come_true():
    control = measuring(4, plain=[(3, 1.0)], guessing=[(4, 1.0), (7, 1.0), (8, 9.0), (15, 9.0)])
    for _ in range(30):
        control.judged("m", 2, 0)
        control.judged("a", 2, 2)
        control.judged("z", 2, 1)
    expect_equal(
        [control.allot(decoders(*order), 99) for order in ("maz", "zma", "azm")],
        [[0, 4, 0], [0, 0, 4], [4, 0, 0]],
        asked="each request's own acceptance counts, wherever it stands: the guesses are a's",
        case="requests m, a and z: none of m's guesses comes true, all of a's, of z's one of two; "
        "4 guesses are free, more are dear",
    )


@pytest.mark.task("13.7")
def test_later_guesses_are_less_likely_than_first_ones():
    control = measuring(8, plain=[(2, 1.0)], guessing=[(3, 1.0), (7, 1.0), (8, 9.0), (18, 9.0)])
    for _ in range(60):
        control.judged("likely", 5, 4)
        control.judged("less", 2, 1)
    expect_equal(
        control.allot(decoders("less", "likely"), 99),
        [1, 4],
        asked="one at a time to the row with the likeliest next: 0.8, 0.64, 0.51 and then ½ of the other before 0.41",
        case="acceptance ½ and 0.8; 5 guesses are free, more are dear",
    )


@pytest.mark.task("13.7")
def test_no_step_is_more_than_twice_what_was_tried():
    control = MeasuredGuesses(8, usual=0.9, clock=VirtualClock())
    rows = decoders("c", "a", "b")
    prices((3, 1.0), into=control.plain)
    found = []
    for _ in range(4):
        found.append(sum(control.allot(rows, 99)))
        prices((3 + found[-1], 1.0), into=control.guessing)
    expect_equal(
        found,
        [3, 9, 21, 24],
        asked="guesses in all: steps of 6, 12, 24 and then 27 tokens, with `most` guesses each",
        case="three rows; a step of 3 tokens without guesses was seen, none with; then all that are tried cost nothing",
    )


@pytest.mark.task("13.7")
def test_a_clock_that_stands_still():
    control, rows, found = MeasuredGuesses(4, clock=VirtualClock()), decoders("a", "b"), []
    for _ in range(3):
        found.append(list(control.allot(rows, 9)))
        control.stepped(plan_of(rows, found[-1]))
    expect_equal(
        found,
        [[0, 0], [1, 1], [3, 3]],
        asked="counts, and no error: steps that seem to take no time are all alike, so guesses seem to be free",
        case="two rows, three steps, and the clock always says 0; the second step may have 4 tokens, the third 8",
    )


@pytest.mark.task("13.7")
def test_nobody_there():
    expect_equal(measuring(plain=[(0, 1.0)]).allot([], 9), [], asked="no counts", case="no request decodes")


@pytest.mark.task("13.7")
@settings(max_examples=150)
@given(data=st.data())
def test_no_choice_is_better(data: st.DataObject):
    rows = data.draw(st.integers(1, 3))
    most, spare = data.draw(st.integers(1, 3)), data.draw(st.integers(0, 8))
    sizes = data.draw(st.lists(st.integers(rows + 1, rows * 4), min_size=1, max_size=4, unique=True))
    seen = [(size, data.draw(st.floats(0.5, 4))) for size in sizes]
    judged = data.draw(st.lists(st.tuples(st.integers(0, rows - 1), st.integers(1, 4), st.integers(0, 4)), max_size=12))
    control = measuring(most, plain=[(rows, 1.0)], guessing=seen)
    chances = acceptances(rows, [(row, guesses, min(right, guesses)) for row, guesses, right in judged])
    for row, guesses, right in judged:
        control.judged(f"r{row}", guesses, min(right, guesses))
    counts = control.allot([Request(f"r{row}", [1], 9) for row in range(rows)], spare)

    allowed = min(spare, 2 * max(rows, *sizes) - rows)
    speeds = {
        choice: sum(
            1 + sum(chance**place for place in range(1, count + 1))
            for chance, count in zip(chances, choice, strict=True)
        )
        / price_of(seen, rows, sum(choice))
        for choice in product(range(most + 1), repeat=rows)
        if sum(choice) <= allowed
    }
    best = max(speeds.values())
    case = f"acceptances {[round(chance, 3) for chance in chances]}, most {most}, spare {spare}; "
    case += f"{rows} tokens without guesses: 1 s, with guesses: {sorted(seen)}"
    got = tuple(counts)
    expect_true(
        speeds.get(got, 0) >= best * (1 - 1e-9),
        asked="no other choice makes more tokens a second",
        case=case,
        got=f"{got}: {speeds.get(got, 0):.6g} tokens/s",
        expected=f"{max(speeds, key=speeds.__getitem__)}: {best:.6g} tokens/s",
    )
    fewest = min(sum(choice) for choice, speed in speeds.items() if speed >= best * (1 + 1e-9) or choice == got)
    expect_equal(sum(got), fewest, asked="of equally good choices, the fewest guesses", case=case)


def acceptances(rows: int, judged: Sequence[tuple[int, int, int]], usual: float = 0.6) -> list[float]:
    """What a control should believe of each row after these judgements: (row, guesses, right)."""
    every = [2 * usual, 2.0]
    own: dict[int, list[float]] = {}
    for row, guesses, right in judged:
        mine = own.setdefault(row, [2 * every[0] / every[1], 2.0])
        for record in (mine, every):
            record[:] = [FORGET * record[0] + right, FORGET * record[1] + min(guesses, right + 1)]
    return [own.get(row, every)[0] / own.get(row, every)[1] for row in range(rows)]


def price_of(seen: Sequence[tuple[int, float]], rows: int, guesses: int) -> float:
    """What a step should be expected to last, if one without guesses lasts 1 s."""
    known = sorted(seen)
    sizes, seconds = [size for size, _ in known], [each for _, each in known]
    return max(1.0, float(np.interp(rows + guesses, sizes, seconds))) if guesses else 1.0


class Machine:
    """A pretended machine with a price list, requests whose guesses come true as they will, and a control."""

    def __init__(self, price: Callable[[int, int], float], control: MeasuredGuesses, clock: VirtualClock) -> None:
        """price: seconds of a step with so many rows, and so many guesses in all."""
        self.price, self.control, self.clock = price, control, clock
        self.random = np.random.default_rng(5)

    def serve(self, chances: dict[str, float], steps: int, suggested: float = 1.0) -> tuple[list[list[int]], float]:
        """Let requests decode whose guesses come true with these probabilities: (the allotments, tokens a second).

        suggested: with which probability a row that may guess knows any guesses.
        """
        rows, allotted, tokens, began = decoders(*chances), [], 0, self.clock.now()
        for _ in range(steps):
            allotted.append(list(self.control.allot(rows, 1000)))
            counts = [count if self.random.random() < suggested else 0 for count in allotted[-1]]
            self.clock.advance(self.price(len(rows), sum(counts)))
            self.control.stepped(plan_of(rows, counts))
            for (name, chance), count in zip(chances.items(), counts, strict=True):
                right = 0
                while right < count and self.random.random() < chance:
                    right += 1
                tokens += 1 + right
                if count:
                    self.control.judged(name, count, right)
        return allotted, tokens / (self.clock.now() - began)


def flat_then_rising(rows: int, guesses: int) -> float:
    """Reading the weights takes 1 s, and a token 1/16 s."""
    return max(1.0, (rows + guesses) / 16)


def machine_with(price: Callable[[int, int], float], most: int = 8) -> Machine:
    clock = VirtualClock()
    return Machine(price, MeasuredGuesses(most, clock=clock), clock)


def names(count: int) -> list[str]:
    """So many ids, whose order is not that of the alphabet."""
    return [f"r{7 * place % 101}" for place in range(count)]


def usual_count(allotted: Sequence[Sequence[int]]) -> float:
    """The median of how many guesses were made in all."""
    return float(np.median([sum(counts) for counts in allotted]))


@pytest.mark.task("13.7")
@pytest.mark.parametrize(("rows", "gain"), [(1, 5.0), (2, 4.0), (4, 2.6)])
def test_it_finds_what_is_free(rows: int, gain: float):
    machine = machine_with(flat_then_rising)
    machine.serve(dict.fromkeys(names(rows), 0.9), 100)
    allotted, speed = machine.serve(dict.fromkeys(names(rows), 0.9), 200)
    expect_true(
        speed > gain * rows,
        asked=f"at least {gain} times the tokens/s of no guessing, after 100 steps",
        case=f"{rows} rows whose guesses come true with 0.9; a step lasts 1 s up to 16 tokens, then 1/16 s a token",
        got=f"{speed / rows:.2f} times, usually with {usual_count(allotted):.0f} guesses",
    )


@pytest.mark.task("13.7")
@pytest.mark.parametrize("rows", [16, 32])
@pytest.mark.parametrize("chance", [0.0, 0.5, 0.8])
def test_where_a_guess_costs_a_token_it_is_turned_off(rows: int, chance: float):
    machine = machine_with(flat_then_rising)
    allotted, speed = machine.serve(dict.fromkeys(names(rows), chance), 300)
    plain = rows / flat_then_rising(rows, 0)
    expect_true(
        usual_count(allotted) == 0 and speed > 0.97 * plain,
        asked="usually no guesses, and at least 0.97 of the tokens/s of no guessing, tries and all",
        case=f"{rows} rows, 300 steps; guesses come true with {chance}, and cost as much as a token of another row",
        got=f"usually {usual_count(allotted):.0f} guesses, {speed / plain:.3f} of the tokens/s",
    )


@pytest.mark.task("13.7")
def test_where_nothing_comes_true_it_is_turned_off():
    machine = machine_with(lambda rows, guesses: 1.0 + 0.05 * guesses)
    allotted, speed = machine.serve(dict.fromkeys(names(3), 0.0), 300)
    expect_true(
        usual_count(allotted[20:]) == 0 and speed > 0.97 * 3,
        asked="no guesses, and at least 0.97 of the tokens/s of no guessing",
        case="3 rows, 300 steps; no guess ever comes true, and each costs 5% of a step",
        got=f"usually {usual_count(allotted[20:]):.0f} guesses, {speed / 3:.3f} of the tokens/s",
    )


def dearer_with_guesses(rows: int, guesses: int) -> float:
    """A token costs 1/20 s, but at least 1 s in all; to attend takes 1/80 s a token, and longer if any row guesses."""
    return max(1.0, (rows + guesses) / 20) + (1.2 * (rows + guesses) if guesses else rows) / 80


@pytest.mark.task("13.7")
@pytest.mark.parametrize(("rows", "suggested"), [(16, 0.2), (32, 0.02), (32, 0.2)])
def test_where_little_is_suggested_nothing_is_lost(rows: int, suggested: float):
    machine = machine_with(dearer_with_guesses)
    _, speed = machine.serve(dict.fromkeys(names(rows), 0.6), 400, suggested)
    plain = rows / dearer_with_guesses(rows, 0)
    expect_true(
        speed > 0.975 * plain,
        asked="at least 0.975 of the tokens/s of no guessing: guesses that are not made bring nothing, and the price "
        "of short steps is not that of long ones",
        case=f"{rows} rows, 400 steps; in each a row knows guesses with {suggested}, which come true with 0.6",
        got=f"{speed / plain:.3f} of the tokens/s",
    )


@pytest.mark.task("13.7")
def test_a_few_suggestions_that_are_good():
    machine = machine_with(dearer_with_guesses)
    _, speed = machine.serve(dict.fromkeys(names(4), 0.9), 400, 0.2)
    plain = 4 / dearer_with_guesses(4, 0)
    expect_true(
        speed > 1.7 * plain,
        asked="at least 1.7 times the tokens/s of no guessing",
        case="4 rows, 400 steps; in each a row knows guesses with 0.2, which come true with 0.9",
        got=f"{speed / plain:.3f} times",
    )


@pytest.mark.task("13.7")
def test_it_is_turned_on_again_when_it_pays():
    machine = machine_with(flat_then_rising)
    machine.serve(dict.fromkeys(names(16), 0.9), 200)
    few, _ = machine.serve(dict.fromkeys(names(2), 0.9), 100)
    many, _ = machine.serve(dict.fromkeys(names(16), 0.9), 100)
    expect_equal(
        (usual_count(few) >= 8, usual_count(many)),
        (True, 0.0),
        asked="(whether 2 rows guess, how much 16 do)",
        case="16 rows, then 2 of them, then 16 again; up to 16 tokens a step lasts 1 s",
    )
    machine = machine_with(lambda rows, guesses: 1.0 + 0.02 * guesses)
    machine.serve(dict.fromkeys(names(2), 0.0), 300)
    allotted, _ = machine.serve(dict.fromkeys(names(2), 0.9), 3 * LATEST)
    expect_true(
        usual_count(allotted[-SOONEST:]) >= 4,
        asked="guesses, once they come true",
        case=f"2 rows: nothing came true for 300 steps; then it does with 0.9, for {3 * LATEST} steps",
        got=f"usually {usual_count(allotted[-SOONEST:]):.0f}",
    )


@pytest.mark.task("13.7")
def test_a_request_that_quotes_among_others_that_do_not():
    machine = machine_with(lambda rows, guesses: 1.0 + 0.1 * guesses)
    chances = {"m": 0.0, "z": 0.0, "quotes": 0.95, "a": 0.0}
    machine.serve(chances, 60)
    allotted, _ = machine.serve(chances, 100)
    typical = np.median(np.array(allotted), axis=0).tolist()
    expect_true(
        typical[2] >= 3 and typical[0] == typical[1] == typical[3] == 0,
        asked="guesses for the third alone",
        case="four rows, of which the third's guesses come true with 0.95, the others' never; a guess costs 10%",
        got=f"usually {typical}",
    )
