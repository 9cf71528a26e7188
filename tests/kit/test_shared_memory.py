"""Days 11 to 13 under any traffic: blocks and pages that are shared, found, forked, guessed, sent back, and broken.

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
from tiny_batch_ref.draft import DraftModel
from tiny_batch_ref.engine import Engine, PreemptedEvent
from tiny_batch_ref.paged_attention import gathering_reader
from tiny_batch_ref.paged_kv import PagedScheduler
from tiny_batch_ref.paged_runner import PagedRunner
from tiny_batch_ref.policies import Fifo, LengthBalanced, ShortestFirst
from tiny_batch_ref.prefix_cache import PrefixCache, block_hash
from tiny_batch_ref.proposers import PromptLookup, came_true
from tiny_batch_ref.request import FinishReason, Request
from tiny_batch_ref.runner import MlxRunner
from tiny_batch_ref.sampling import SamplingParams
from tiny_batch_ref.speculative import SpeculativeCachingScheduler, SpeculativePagedScheduler, SpeculativeScheduler
from tiny_batch_ref.speculative_runner import SpeculativeCachingRunner, SpeculativePagedRunner

MODEL = tiny_random(seed=5)
LONGEST = 40
NAMES = (block_hash, lambda parent, tokens, salt: b"x", lambda parent, tokens, salt: bytes([sum(tokens) % 4 + 1]))
QUEUES = (Fifo, lambda: ShortestFirst(1.0), lambda: LengthBalanced(4, 3))


def says(history, seed):
    return (sum((place + 1) * (token + 7) for place, token in enumerate(history)) + seed) % 5


def half_right(history, seed):
    """What a draft says: now and then something else."""
    return (says(history, seed) + (sum(history) % 4 == 0)) % 5


def alone(request):
    history, tokens = list(request.prompt), []
    while len(tokens) < request.max_tokens:
        token = says(history, request.sampling.seed)
        if token in request.eos_token_ids:
            break
        tokens.append(token)
        history.append(token)
    return tokens


class Books:
    """What slots and blocks hold, or pages; errors here would only end requests, so faults are noted.

    It accepts guesses as a model does: while they are what it says itself, and then one token more.
    """

    def __init__(self, size, broken=(), known=None, says=says):
        self.size, self.broken, self.steps, self.says = size, broken, 0, says
        self.known = {} if known is None else known  # the requests, by id
        self.places, self.blocks, self.audited, self.faults = {}, {}, {}, []
        self.shared = self.copied = self.guessed = self.right = 0

    def run(self, plan):
        self.steps += 1
        where = self._pages(plan) if hasattr(plan, "tables") else self._slots(plan)
        if self.steps in self.broken:
            for work in plan.work:  # nobody knows what a broken step has left
                for position in range(work.start, work.start + len(work.tokens)):
                    self.places[where(work, position)] = None
            raise MemoryError("no room")
        told = {work.request_id: self._compute(work, where) for work in plan.work}
        for copy in getattr(plan, "keeps", ()):
            self.blocks[copy.block] = [self.places.get((copy.slot, copy.start + at)) for at in range(self.size)]
        return {work.request_id: told[work.request_id] for work in plan.work if work.wanted}

    def audit(self, memory):
        """Whatever can be found holds what it is found by: no guess that did not come true among it."""
        for block in memory._named.values():
            if not block.kept or self.audited.get(block.number) is block:
                continue
            self.audited[block.number] = block
            chain, first = block.tokens, block
            while first.parent is not None:
                first = first.parent
                chain = first.tokens + chain
            for at in range(self.size):
                paged = isinstance(memory, BlockAllocator)
                content = self.places.get((block.number, at)) if paged else self.blocks[block.number][at]
                if content != chain[: len(chain) - self.size + at + 1]:
                    self.faults.append(f"{block} holds {content}")

    def _slots(self, plan):
        for copy in getattr(plan, "loads", ()):
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
        request, history = self.known[work.request_id], []
        text = (*request.prompt, *request.tokens)
        for position in range(work.start):
            content = self.places.get(where(work, position))
            if content is None or content[:-1] != (*history,) or content[: len(text)] != text[: position + 1]:
                self.faults.append(f"position {position} of {work.request_id} is not what it continues")
                return [0]
            history.append(content[-1])
        found = []
        for offset, token in enumerate(work.tokens):
            history.append(token)
            self.places[where(work, work.start + offset)] = (*history,)
            if offset >= len(work.tokens) - work.wanted:
                found.append(self.says(history, work.sampling.seed))
        certain = len(work.tokens) + 1 - max(work.wanted, 1)
        if (*work.tokens[:certain],) != (*text, *history[len(text) :])[work.start : work.start + certain]:
            self.faults.append(f"{work.request_id} computes tokens that are not its own")
        right = came_true(work.tokens[certain:], found)
        self.guessed, self.right = self.guessed + len(work.tokens) - certain, self.right + right
        return found[: right + 1]


class Oracle:
    """Guesses what will be said, each token with some probability; sometimes too many, or none."""

    def __init__(self, rng):
        self.rng, self.share = rng, rng.choice([0.0, 0.5, 0.9, 1.0])

    def propose(self, requests, most):
        return [self._guesses(request, limit) for request, limit in zip(requests, most, strict=True)]

    def _guesses(self, request, limit):
        history = [*request.prompt, *request.tokens]
        had = len(history)
        for _ in range(self.rng.choice([0, limit, limit, limit, limit + 2])):
            history.append((says(history, request.sampling.seed) + (self.rng.random() >= self.share)) % 5)
        return history[had:]

    def forget(self, request_id):
        pass


class Whims:
    """A control that allots what it likes."""

    def __init__(self, rng):
        self.rng, self.steps, self.judged_guesses = rng, 0, 0

    def allot(self, requests, spare):
        return [self.rng.choice([0, 1, 2, 4, 7]) for _ in requests]

    def stepped(self, plan):
        self.steps += 1

    def judged(self, request_id, guesses, right):
        assert 0 <= right <= guesses
        self.judged_guesses += guesses

    def forget(self, request_id):
        pass


@dataclass
class Traffic:
    """One scenario: requests that come, begin alike, are samples, are aborted; plans that are made and never run."""

    engine: Engine
    rng: random.Random
    requests: list = field(default_factory=list)
    preempted: int = 0
    known: dict = field(default_factory=dict)
    after_step: object = None

    def step(self):
        self.preempted += sum(isinstance(event, PreemptedEvent) for event in self.engine.step())
        if self.after_step is not None:
            self.after_step()

    def ask(self, number):
        rng, options = self.rng, {"sampling": SamplingParams(seed=number)}
        if self.requests and rng.random() < 0.4:
            other = rng.choice(self.requests)
            prompt, options["sample_of"], options["cache_salt"] = other.prompt, other.id, other.cache_salt
        else:
            prompt = [0] * rng.randrange(20) + [rng.randrange(2) for _ in range(rng.randrange(1, 6))]
            options["cache_salt"] = rng.choice(["", "a"])
        if isinstance(self.engine.scheduler, SpeculativeScheduler) and rng.random() < 0.3:
            options["eos_token_ids"] = [rng.randrange(5)]
        self.requests.append(Request(str(number), prompt, rng.randrange(1, 14), **options))
        self.known[str(number)] = self.requests[-1]
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


def caching(rng, size, runner=None, make=CachingScheduler, **more):
    blocks = rng.choice([1, 2, 4, 8, 40])
    cache = PrefixCache(blocks, size, rng.choice(NAMES))
    slots = rng.choice([1, 2, 4, 6])
    options = {"max_memory_tokens": rng.choice([40, 60, 200]), "headroom": rng.choice([0, 1, 3])}
    scheduler = make(cache=cache, **limits(rng, slots), **options, **more)
    return scheduler, runner and runner(slots, blocks, size)


def paged(rng, size, runner=None, make=PagedScheduler, **more):
    pages = -(-rng.choice([40, 50, 80, 200]) // size)
    allocator = BlockAllocator(pages, size, rng.choice(NAMES))
    headroom = rng.choice([0, 1, 2])
    scheduler = make(allocator=allocator, **limits(rng, rng.choice([1, 2, 4, 6])), headroom=headroom, **more)
    return scheduler, runner and runner(0, pages, size)


def guessing(rng, known):
    """Who guesses, and how much."""
    slots = rng.choice([1, 2, 6])
    drafts = Books(1, known=known, says=half_right)
    draft = DraftModel(drafts, max_running=slots, max_batched_tokens=slots + rng.choice([0, 4, 60]))
    return {"proposer": rng.choice([Oracle(rng), PromptLookup(3, rng.choice([1, 2])), draft]), "control": Whims(rng)}


def guessing_caching(rng, size, runner=None):
    return caching(rng, size, runner, SpeculativeCachingScheduler, **guessing(rng, {}))


def guessing_paged(rng, size, runner=None):
    return paged(rng, size, runner, SpeculativePagedScheduler, **guessing(rng, {}))


MAKERS = [caching, paged, guessing_caching, guessing_paged]


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
@pytest.mark.parametrize("make", MAKERS)
def test_any_traffic(make, request, capsys):
    scenarios = 10_000 if request.config.getoption("--soak") else 200
    seen = {"preempted": 0, "shared": 0, "errors": 0, "aborted": 0}
    for seed in range(scenarios):
        rng = random.Random(seed)
        size = rng.choice([1, 2, 3, 4, 8])
        scheduler, _ = make(rng, size)
        books = Books(size, {rng.randrange(60) for _ in range(rng.choice([0, 0, 2]))})
        memory = getattr(scheduler, "allocator", None) or scheduler.cache
        traffic = Traffic(Engine(scheduler, books), rng, known=books.known)
        drafts = getattr(getattr(scheduler, "proposer", None), "runner", None)
        if drafts is not None:
            drafts.known = books.known
        traffic.after_step = lambda books=books, memory=memory: books.audit(memory)
        traffic.run()
        books.audited.clear()
        books.audit(memory)
        assert not books.faults, (seed, books.faults)
        assert held(scheduler) == (0, {}, {}), seed
        for each in traffic.requests:
            whole = alone(each)
            complete = each.finish_reason in (FinishReason.LENGTH, FinishReason.EOS)
            assert each.tokens == (whole if complete else whole[: len(each.tokens)]), (seed, each.id)
        reasons = [each.finish_reason for each in traffic.requests]
        counts = {
            "preempted": traffic.preempted,
            "shared": books.shared,
            "errors": reasons.count(FinishReason.ERROR),
            "aborted": reasons.count(FinishReason.CANCELLED),
        }
        if isinstance(memory, BlockAllocator):
            counts["copied"] = books.copied
        if isinstance(scheduler, SpeculativeScheduler):
            assert scheduler.proposer_error is None, (seed, scheduler.proposer_error)
            assert drafts is None or not drafts.faults, (seed, drafts.faults)
            assert scheduler.control.judged_guesses <= books.guessed, seed
            counts["eos"], counts["guessed"], counts["right"] = (
                reasons.count(FinishReason.EOS),
                books.guessed,
                books.right,
            )
            counts["drafted"] = 0 if drafts is None else books.guessed
        for kind, count in counts.items():
            seen[kind] = seen.get(kind, 0) + count
    assert min(seen.values()) > 0, f"a kind of event never happened: {seen}"
    if scenarios > 200:
        with capsys.disabled():
            print(f"\nsoak of {make.__name__}: {seen}")


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("reader", [gathering_reader, page_reader], ids=["gathered", "in place"])
def test_any_traffic_on_a_real_model(make, reader):
    """Logits decide here; samples are greedy, so each gets its prompt's answer alone."""
    if make in (caching, guessing_caching) and reader is page_reader:
        pytest.skip("slots are read in one way only")

    def runner(slots, blocks, size):
        if make in (paged, guessing_paged):
            kind = PagedRunner if make is paged else SpeculativePagedRunner
            return kind(MODEL, num_blocks=blocks, block_size=size, reader=reader)
        sizes = {"max_running": slots, "max_seq_len": LONGEST, "num_blocks": blocks, "block_size": size}
        return (CachingRunner if make is caching else SpeculativeCachingRunner)(MODEL, **sizes)

    for seed in range(12):
        rng = random.Random(1000 + seed)
        scheduler, real = make(rng, rng.choice([1, 3, 4]), runner)
        traffic = Traffic(Engine(scheduler, real), rng)
        if isinstance(getattr(scheduler, "proposer", None), DraftModel):  # one that guesses as the model would
            small = MlxRunner(MODEL, max_running=6, max_seq_len=LONGEST)
            scheduler.proposer = DraftModel(small, max_running=6)
        traffic.ask = lambda number, traffic=traffic: _greedy(traffic, number)
        traffic.run()
        for each in traffic.requests:
            if each.finish_reason is FinishReason.LENGTH:
                assert agrees(each.tokens, serve_alone(MODEL, each.prompt, each.max_tokens)) is None, seed


def _greedy(traffic, number):
    Traffic.ask(traffic, number)
    traffic.requests[-1].sampling, traffic.requests[-1].eos_token_ids = SamplingParams(), frozenset()
