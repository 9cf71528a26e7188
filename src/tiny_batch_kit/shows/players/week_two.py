"""The players of Days 10, 11 and 12."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tiny_batch_kit.course import implementations
from tiny_batch_kit.serving.talks import TalkJob
from tiny_batch_kit.serving.workloads import Job
from tiny_batch_kit.shows.players import Chapter, Setting, Slider, drive
from tiny_batch_kit.shows.players.week_one import jobs
from tiny_batch_kit.timeline.coding import Owner, Said, Traced

# Day 10

QUEUE = ((10, 9), (24, 6), (6, 12), (20, 8), (4, 4), (6, 5), (26, 4), (5, 6))
ALLOWED = 14


def policy(setting: Setting, asked: Sequence[Job]) -> Traced:
    """Four slots, 16 tokens a step, and so much memory."""
    stage, module = drive.Stage("policies", 4, asked), implementations.load("policies")
    limits = {"max_running": 4, "max_batched_tokens": 16, "max_seq_len": 64, "max_memory_tokens": setting["memory"]}
    queues = {
        "fifo": module.Fifo,
        "shortest": lambda: module.ShortestFirst(ageing=0.0),
        "ageing": lambda: module.ShortestFirst(ageing=2.0),
        "balanced": module.LengthBalanced,
        "preemptive": module.Fifo,
    }
    queue = queues[setting["policy"]]()
    if setting["policy"] == "preemptive":
        made = module.PreemptiveScheduler(**limits, queue=queue, headroom=0)
    else:
        made = implementations.load("plan").Scheduler(**limits, queue=queue)
    used = dict[int, int]()

    def look(step: int, plan: Any) -> None:
        used[step] = made.memory_used

    drive.scheduler(stage, made, ALLOWED, look)
    return Traced(stage.recorder.timeline(), used, facts={"budget": 16, "memory": setting["memory"]})


# Day 11

DOCUMENT, BLOCK = 16, 4


def questions(setting: Setting) -> list[TalkJob]:
    """Five questions on one document and two on another, or seven that have nothing in common."""
    made = []
    for number, (document, words, answer) in enumerate(
        ((0, 5, 5), (0, 6, 4), (1, 5, 6), (0, 4, 4), (1, 7, 3), (0, 6, 5), (0, 5, 3))
    ):
        first = 10_000 * (document if setting.get("shared", True) else number + 2)
        ids = (*range(first, first + DOCUMENT), *range(1_000 * number + 500, 1_000 * number + 500 + words))
        arrival = round(setting.get("every", 0.1) * number, 3)
        made.append(TalkJob(chr(65 + number), arrival, len(ids), answer + setting.get("more", 0), ids))
    return made


def cached(setting: Setting, asked: Sequence[Job]) -> Traced:
    """Three slots, and a store of so many blocks."""
    stage = drive.Stage("a prefix cache", 3, asked)
    cache = implementations.load("prefix_cache").PrefixCache(setting["blocks"], BLOCK)
    limits = {"max_running": 3, "max_batched_tokens": 16, "max_seq_len": 64}
    made = implementations.load("caching").CachingScheduler(cache, **limits)
    pages, said = dict[int, list[Owner]](), dict[int, list[Said]]()

    def look(step: int, plan: Any) -> None:
        users = dict[int, list[str]]()
        for name, chain in made._chains.items():
            for block in chain:
                users.setdefault(block.number, []).append(name)
        stored = {block.number: (True, tuple(sorted(users.get(block.number, ())))) for block in cache._named.values()}
        pages[step] = drive.owners(stored, setting["blocks"])
        for which, copies in enumerate((plan.loads, plan.keeps)):
            slots = [copy.slot for copy in copies]
            for name, slot in made.slot_of.items():
                if slot in slots:
                    said.setdefault(step, []).append((which, name, slots.count(slot)))

    drive.scheduler(stage, made, 0, look)
    return Traced(stage.recorder.timeline(), pages=pages, said=said, facts={"budget": 16})


# Day 12


def paged(setting: Setting, asked: Sequence[Job]) -> Traced:
    """Four rows, and memory for so many tokens in pages of such a size."""
    stage, size = drive.Stage("pages", 4, asked), setting["size"]
    count = setting["memory"] // size
    allocator = implementations.load("block_allocator").BlockAllocator(count, size)
    limits = {"max_running": 4, "max_batched_tokens": 16, "max_seq_len": min(48, setting["memory"])}
    made = implementations.load("paged_kv").PagedScheduler(allocator, headroom=0, **limits)
    pages, said, used = dict[int, list[Owner]](), dict[int, list[Said]](), dict[int, int]()
    running = set[str]()

    def look(step: int, plan: Any) -> None:
        users = dict[int, list[str]]()
        for name, table in made.tables.items():
            for page in table:
                users.setdefault(page.number, []).append(name)
        owned: dict[int, Owner] = {number: (False, tuple(sorted(names))) for number, names in users.items()}
        owned |= {page.number: (True, ()) for page in allocator._unused.values()}
        pages[step], used[step] = drive.owners(owned, count), made.memory_used
        for work in plan.work:
            if work.request_id not in running and work.start >= size:
                said.setdefault(step, []).append((0, work.request_id, work.start // size))
        running.clear()
        running.update(made.running)

    drive.scheduler(stage, made, 0, look)
    return Traced(stage.recorder.timeline(), used, pages, said, {"budget": 16, "memory": setting["memory"]})


FULL = "Memory has no room for the next token of each. {request} was admitted last: it has to go, and comes back."

CHAPTERS = (
    Chapter(
        10,
        "Which is next, step by step",
        "Eight requests in four slots, 16 tokens a step. Callers allow 14 new tokens, and most answers are shorter. "
        "The preemptive scheduler gives memory to tokens that exist; the others reserve all that may come.",
        (
            Slider(
                "policy",
                "Which is next",
                ("fifo", "shortest", "ageing", "balanced", "preemptive"),
                0,
                ("first come", "shortest first", "shortest, ageing", "balanced", "first come, preemptive"),
                True,
            ),
            Slider("memory", "Memory, tokens", (40, 48, 64, 96), 1),
        ),
        lambda setting: jobs(QUEUE, 0.03),
        policy,
        why={
            "SENT_BACK": FULL,
            "STANDS": "The tokens of this step were spent before it was the turn of {request}.",
            "EMPTY": "Memory has no room for the next request.",
        },
    ),
    Chapter(
        11,
        "What is found again, step by step",
        "Seven requests, 16 tokens of document each and a question. Five ask about one document, C and E about "
        "another. The store has blocks of 4 tokens.",
        (
            Slider("blocks", "Blocks of the store", (2, 4, 8, 16, 32), 3),
            Slider("shared", "Prompts", (True, False), 0, ("begin alike", "have nothing in common"), True),
        ),
        questions,
        cached,
        pages="Block",
        sentences=(
            "{request} takes {n} × 4 tokens out of the store: they are not computed.",
            "{n} × 4 tokens of {request} are kept in the store.",
        ),
        why={"STANDS": "The tokens of this step were spent before it was the turn of {request}."},
    ),
    Chapter(
        12,
        "Whose page is it, step by step",
        "The same requests. A page belongs to all whose table it stands in; a page that is kept is nobody's, and can "
        "be found again until its place is needed.",
        (
            Slider("size", "Tokens of a page", (2, 4, 8, 16), 1),
            Slider("memory", "Memory, tokens", (48, 64, 96, 128), 1),
        ),
        lambda setting: questions({"every": 0.05, "more": 6}),
        paged,
        pages="Page",
        sentences=("{request} begins after {n} pages that hold its first tokens already.",),
        why={"SENT_BACK": FULL, "STANDS": "The tokens of this step were spent before it was the turn of {request}."},
    ),
)
