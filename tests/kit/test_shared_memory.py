"""Days 11 and 12 under any traffic: blocks and pages that are shared, found, forked, sent back, aborted and broken.

`--soak` runs 10,000 scenarios of each. The runners keep books on what every position of every slot, block and page
holds: the whole history of the token there, for that is what its keys and values depend on.
"""

import random
from dataclasses import dataclass, field

import pytest

from tiny_batch_kit.model.oracle import agrees, serve_alone
from tiny_batch_kit.model.pages import page_reader
from tiny_batch_kit.model.tiny import tiny_random
from tiny_batch_ref.block_allocator import BlockAllocator
from tiny_batch_ref.block_store import CachingRunner
from tiny_batch_ref.caching import CachingScheduler
from tiny_batch_ref.engine import Engine, PreemptedEvent
from tiny_batch_ref.paged_attention import gathering_reader
from tiny_batch_ref.paged_kv import PagedScheduler
from tiny_batch_ref.paged_runner import PagedRunner
from tiny_batch_ref.policies import Fifo, LengthBalanced, ShortestFirst
from tiny_batch_ref.prefix_cache import PrefixCache, block_hash
from tiny_batch_ref.request import FinishReason, Request
from tiny_batch_ref.sampling import SamplingParams

MODEL = tiny_random(seed=5)
LONGEST = 40
NAMES = (block_hash, lambda parent, tokens, salt: b"x", lambda parent, tokens, salt: bytes([sum(tokens) % 4 + 1]))
QUEUES = (Fifo, lambda: ShortestFirst(1.0), lambda: LengthBalanced(4, 3))


def says(history, seed):
    return (sum((place + 1) * (token + 7) for place, token in enumerate(history)) + seed) % 5


def alone(request):
    history, tokens = list(request.prompt), []
    while len(tokens) < request.max_tokens:
        tokens.append(says(history, request.sampling.seed))
        history.append(tokens[-1])
    return tokens


class Books:
    """What slots and blocks hold, or pages; errors here would only end requests, so faults are noted."""

    def __init__(self, size, broken):
        self.size, self.broken, self.steps = size, broken, 0
        self.places, self.blocks, self.faults = {}, {}, []
        self.shared = self.copied = 0

    def run(self, plan):
        self.steps += 1
        where = self._pages(plan) if hasattr(plan, "tables") else self._slots(plan)
        if self.steps in self.broken:
            for work in plan.work:  # nobody knows what a broken step has left
                for position in range(work.start, work.start + len(work.tokens)):
                    self.places[where(work, position)] = None
            raise MemoryError("no room")
        told = {work.request_id: [self._compute(work, where)] for work in plan.work}
        for copy in getattr(plan, "keeps", ()):
            self.blocks[copy.block] = [self.places.get((copy.slot, copy.start + at)) for at in range(self.size)]
        return {work.request_id: told[work.request_id] for work in plan.work if work.wanted}

    def _slots(self, plan):
        for copy in plan.loads:
            self.shared += 1
            for at, content in enumerate(self.blocks[copy.block]):
                self.places[copy.slot, copy.start + at] = content
        return lambda work, position: (work.slot, position)

    def _pages(self, plan):
        found = [[self.places.get((copy.source, at)) for at in range(self.size)] for copy in plan.copies]
        for copy, contents in zip(plan.copies, found, strict=True):  # all at once, as an array does it
            self.copied += 1
            self.places |= {(copy.target, at): content for at, content in enumerate(contents)}
        tables = {work.request_id: table for work, table in zip(plan.work, plan.tables, strict=True)}
        writers = {}
        for work in plan.work:
            pages = tables[work.request_id]
            self.shared += len(pages)
            first, last = work.start // self.size, (work.start + len(work.tokens) - 1) // self.size
            for page in pages[first : last + 1]:
                if writers.setdefault(page, work.request_id) != work.request_id:
                    self.faults.append(f"{work.request_id} and {writers[page]} write to page {page}")
        for work in plan.work:
            for place in range(-(-work.start // self.size)):
                page = tables[work.request_id][place]
                if writers.get(page, work.request_id) != work.request_id:
                    self.faults.append(f"{work.request_id} reads page {page} that {writers[page]} writes")
        return lambda work, position: (tables[work.request_id][position // self.size], position % self.size)

    def _compute(self, work, where):
        history = []
        for position in range(work.start):
            content = self.places.get(where(work, position))
            if content is None or content[:-1] != (*history,):
                self.faults.append(f"position {position} of {work.request_id} is not what it continues")
                return 0
            history.append(content[-1])
        for offset, token in enumerate(work.tokens):
            history.append(token)
            self.places[where(work, work.start + offset)] = (*history,)
        return says(history, work.sampling.seed)


@dataclass
class Traffic:
    """One scenario: requests that come, begin alike, are samples, are aborted; plans that are made and never run."""

    engine: Engine
    rng: random.Random
    requests: list = field(default_factory=list)
    preempted: int = 0

    def step(self):
        self.preempted += sum(isinstance(event, PreemptedEvent) for event in self.engine.step())

    def ask(self, number):
        rng, options = self.rng, {"sampling": SamplingParams(seed=number)}
        if self.requests and rng.random() < 0.4:
            other = rng.choice(self.requests)
            prompt, options["sample_of"], options["cache_salt"] = other.prompt, other.id, other.cache_salt
        else:
            prompt = [0] * rng.randrange(20) + [rng.randrange(2) for _ in range(rng.randrange(1, 6))]
            options["cache_salt"] = rng.choice(["", "a"])
        self.requests.append(Request(str(number), prompt, rng.randrange(1, 14), **options))
        self.engine.add_request(self.requests[-1])

    def run(self):
        rng = self.rng
        for number in range(rng.randrange(1, 10)):
            self.ask(number)
            for _ in range(rng.randrange(4)):
                self.step()
            if rng.random() < 0.1:
                self.engine.scheduler.plan()  # made, and never run
            living = [each.id for each in self.requests if not each.is_finished]
            if living and rng.random() < 0.2:
                self.engine.abort(rng.choice(living))
        for _ in range(3000):
            if not self.engine.has_work:
                return
            self.step()
        raise AssertionError("no end")


def caching(rng, size, runner=None):
    blocks = rng.choice([1, 2, 4, 8, 40])
    cache = PrefixCache(blocks, size, rng.choice(NAMES))
    slots = rng.choice([1, 2, 4, 6])
    options = {"max_memory_tokens": rng.choice([40, 60, 200]), "headroom": rng.choice([0, 1, 3])}
    scheduler = CachingScheduler(cache, **limits(rng, slots), **options)
    return scheduler, runner and runner(slots, blocks, size)


def paged(rng, size, runner=None):
    pages = -(-rng.choice([40, 50, 80, 200]) // size)
    allocator = BlockAllocator(pages, size, rng.choice(NAMES))
    scheduler = PagedScheduler(allocator, **limits(rng, rng.choice([1, 2, 4, 6])), headroom=rng.choice([0, 1, 2]))
    return scheduler, runner and runner(0, pages, size)


def limits(rng, slots):
    budget = slots + rng.choice([0, 1, 5, 30])
    return {"max_running": slots, "max_batched_tokens": budget, "max_seq_len": LONGEST, "queue": rng.choice(QUEUES)()}


def held(scheduler):
    """What an idle scheduler still holds: nothing."""
    if isinstance(scheduler, PagedScheduler):
        memory = scheduler.allocator
        return memory.num_blocks - memory.num_available, scheduler.slot_of, scheduler.tables
    return scheduler.cache.num_blocks - scheduler.cache.num_free - scheduler.cache.num_unused, scheduler.slot_of, {}


@pytest.mark.timeout(0)
@pytest.mark.parametrize("make", [caching, paged])
def test_any_traffic(make, request, capsys):
    scenarios = 10_000 if request.config.getoption("--soak") else 200
    seen = {"preempted": 0, "shared": 0, "errors": 0, "aborted": 0} | ({"copied": 0} if make is paged else {})
    for seed in range(scenarios):
        rng = random.Random(seed)
        size = rng.choice([1, 2, 3, 4, 8])
        scheduler, _ = make(rng, size)
        books = Books(size, {rng.randrange(60) for _ in range(rng.choice([0, 0, 2]))})
        traffic = Traffic(Engine(scheduler, books), rng)
        traffic.run()
        assert not books.faults, (seed, books.faults)
        assert held(scheduler) == (0, {}, {}), seed
        for each in traffic.requests:
            whole = alone(each)
            complete = each.finish_reason is FinishReason.LENGTH
            assert each.tokens == (whole if complete else whole[: len(each.tokens)]), (seed, each.id)
        reasons = [each.finish_reason for each in traffic.requests]
        seen["preempted"] += traffic.preempted
        seen["shared"] += books.shared
        seen["errors"] += reasons.count(FinishReason.ERROR)
        seen["aborted"] += reasons.count(FinishReason.CANCELLED)
        if make is paged:
            seen["copied"] += books.copied
    assert min(seen.values()) > 0, f"a kind of event never happened: {seen}"
    if scenarios > 200:
        with capsys.disabled():
            print(f"\nsoak of {make.__name__}: {seen}")


@pytest.mark.parametrize("make", [caching, paged])
@pytest.mark.parametrize("reader", [gathering_reader, page_reader], ids=["gathered", "in place"])
def test_any_traffic_on_a_real_model(make, reader):
    """Logits decide here; samples are greedy, so each gets its prompt's answer alone."""
    if make is caching and reader is page_reader:
        pytest.skip("slots are read in one way only")

    def runner(slots, blocks, size):
        if make is paged:
            return PagedRunner(MODEL, num_blocks=blocks, block_size=size, reader=reader)
        sizes = {"max_running": slots, "max_seq_len": LONGEST, "num_blocks": blocks, "block_size": size}
        return CachingRunner(MODEL, **sizes)

    for seed in range(12):
        rng = random.Random(1000 + seed)
        scheduler, real = make(rng, rng.choice([1, 3, 4]), runner)
        traffic = Traffic(Engine(scheduler, real), rng)
        traffic.ask = lambda number, traffic=traffic: _greedy(traffic, number)
        traffic.run()
        for each in traffic.requests:
            if each.finish_reason is FinishReason.LENGTH:
                assert agrees(each.tokens, serve_alone(MODEL, each.prompt, each.max_tokens)) is None, seed


def _greedy(traffic, number):
    Traffic.ask(traffic, number)
    traffic.requests[-1].sampling = SamplingParams()
