"""The players of Days 2, 3, 7, 8 and 9."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from tiny_batch_kit.course import implementations
from tiny_batch_kit.machine.virtual_time import run_virtual
from tiny_batch_kit.serving.workloads import Job
from tiny_batch_kit.shows.players import Chapter, Setting, Slider, drive
from tiny_batch_kit.timeline.coding import Said, Traced


def jobs(sizes: Sequence[tuple[int, int]], every: float = 0.0) -> list[Job]:
    """Jobs A, B, C … of (prompt, answer) tokens, one `every` so many seconds; three come, then there is a lull."""
    return [
        Job(chr(65 + n), round(every * (n + 2 * (n // 3)), 3), prompt, answer)
        for n, (prompt, answer) in enumerate(sizes)
    ]


# Day 2

STATIC = ((6, 4), (22, 9), (5, 12), (7, 3), (24, 5), (8, 7), (21, 10), (6, 6))


def static(setting: Setting, asked: Sequence[Job]) -> Traced:
    """Batches of so many, as they come or from two buckets."""
    size, stage = setting["size"], drive.Stage("static batches", setting["size"], asked)
    groups = [list(asked)]
    if setting["buckets"]:
        found = implementations.load("padding").bucket_by_length([job.prompt_tokens for job in asked], [12, 24])
        groups = [[asked[index] for index in indices] for indices in found.values()]
    said = dict[int, list[Said]]()
    for group in groups:
        for start in range(0, len(group), size):
            batch = group[start : start + size]
            width = max(job.prompt_tokens for job in batch)
            said[stage.recorder.steps] = [(0, batch[0].id, sum(width - job.prompt_tokens for job in batch))]
            drive.static_batch(stage, batch)
    return Traced(stage.recorder.timeline(), said=said)


# Day 3

DYNAMIC = ((8, 6), (8, 5), (8, 7), (8, 4), (8, 6), (8, 5), (8, 7), (8, 4), (8, 6))


def dynamic(setting: Setting, asked: Sequence[Job]) -> Traced:
    """A batcher of 4 rows that waits so long for company."""
    stage = drive.Stage("dynamic batches", 4, asked)

    async def main() -> None:
        loop = asyncio.get_running_loop()

        async def machine(group: list[Job]) -> list[Job]:
            stage.clock.advance_to(max(stage.clock.now(), round(loop.time(), 6)))
            drive.static_batch(stage, group)
            await asyncio.sleep(stage.clock.now() - loop.time())
            return group

        async def caller(job: Job) -> None:
            await asyncio.sleep(job.arrival)
            await batcher.submit(job)

        batcher = implementations.load("dynamic").DynamicBatcher(machine, 4, setting["wait"])
        await asyncio.gather(*map(caller, asked))
        await batcher.close()

    run_virtual(main())
    return Traced(stage.recorder.timeline())


# Days 7 and 8

STREAM = ((6, 5), (9, 11), (5, 8), (20, 4), (7, 9), (6, 3), (12, 6), (5, 7), (8, 4))


def continuous(setting: Setting, asked: Sequence[Job]) -> Traced:
    """Day 7's batcher."""
    stage = drive.Stage("continuous batching", setting["slots"], asked)
    drive.batcher(stage, "continuous", "ContinuousBatcher", setting["slots"], 128)
    return Traced(stage.recorder.timeline())


LONG = ((5, 14), (6, 12), (48, 4), (7, 6), (24, 5))


def long_ones(setting: Setting) -> list[Job]:
    """Two that decode, then a long prompt, then two more, so far apart."""
    every = setting["every"]
    return [
        replace(job, arrival=at)
        for job, at in zip(jobs(LONG), (0.0, 0.0, 0.2, round(0.2 + every, 3), round(0.2 + 2 * every, 3)), strict=True)
    ]


def chunked(setting: Setting, asked: Sequence[Job]) -> Traced:
    """Day 8's batcher."""
    stage = drive.Stage("chunked prefill", setting["slots"], asked)
    drive.batcher(stage, "chunked_prefill", "ChunkedBatcher", setting["slots"], setting["chunk"])
    return Traced(stage.recorder.timeline())


# Day 9


def mixed(setting: Setting, asked: Sequence[Job]) -> Traced:
    """The same with one pass a step, or with Day 8's two."""
    stage = drive.Stage("mixed batches", setting["slots"], asked)
    if setting["way"] == 8:
        drive.batcher(stage, "chunked_prefill", "ChunkedBatcher", setting["slots"], setting["tokens"])
        return Traced(stage.recorder.timeline())
    limits = {"max_running": setting["slots"], "max_batched_tokens": setting["tokens"], "max_seq_len": 64}
    drive.scheduler(stage, implementations.load("plan").Scheduler(**limits))
    return Traced(stage.recorder.timeline(), facts={"budget": setting["tokens"]})


HELD = "This pass reads another's prompt. {request} has its slot, and nothing of it is computed meanwhile."
TOGETHER = "{request} has finished, and others of its batch have not. Until the last one ends, all rows are computed."

CHAPTERS = (
    Chapter(
        2,
        "Static batches, step by step",
        "Eight requests, all there from the start, in static batches. Look at which are done and still take part.",
        (
            Slider("size", "Rows of a batch", (1, 2, 4, 8), 2),
            Slider("buckets", "Batches are made", (False, True), 0, ("as they come", "in buckets of 12 and 24"), True),
        ),
        lambda setting: jobs(STATIC),
        static,
        sentences=("This rectangle has {n} cells of padding.",),
        why={"WASTED": TOGETHER, "EMPTY": "This batch has fewer requests than rows."},
    ),
    Chapter(
        3,
        "Waiting for company, step by step",
        "Nine requests come one by one; a batch has four rows. It starts when it is full, or when its oldest request "
        "has waited long enough.",
        (
            Slider("wait", "max_wait_ms", (0, 100, 300, 1000), 1),
            Slider("every", "One request every", (0.02, 0.08, 0.2), 1, ("20 ms", "80 ms", "200 ms")),
        ),
        lambda setting: jobs(DYNAMIC, setting["every"]),
        dynamic,
        why={
            "WASTED": TOGETHER,
            "EMPTY": "The batch started with fewer requests than rows: none can join it now.",
        },
    ),
    Chapter(
        7,
        "Continuous batching, step by step",
        "Nine requests come while others run. A slot that becomes free goes to the next request before the next pass.",
        (
            Slider("slots", "Slots", (1, 2, 3, 4, 6), 2),
            Slider("every", "One request every", (0.02, 0.08, 0.2), 1, ("20 ms", "80 ms", "200 ms")),
        ),
        lambda setting: jobs(STREAM, setting["every"]),
        continuous,
        why={
            "STANDS": HELD,
            "WASTED": "No request has this slot. A decode pass computes all rows all the same.",
        },
    ),
    Chapter(
        8,
        "A prompt in chunks, step by step",
        "A and B decode when C comes with a prompt of 48 tokens, and D and E after it. Look at how long A and B stand "
        "still.",
        (
            Slider("chunk", "Chunk, tokens", (4, 8, 16, 48), 1),
            Slider("slots", "Slots", (2, 3, 5), 2),
            Slider("every", "Then one request every", (0.05, 0.3), 0, ("50 ms", "300 ms")),
        ),
        long_ones,
        chunked,
        why={"STANDS": HELD, "WASTED": "No request has this slot. A decode pass computes all rows all the same."},
    ),
    Chapter(
        9,
        "One pass a step, step by step",
        "The same requests as on Day 8. Look at what the tokens of a step are spent on: first one for each that "
        "decodes, then what is left for prompts.",
        (
            Slider("way", "A step is", (8, 9), 1, ("a chunk, then a decode pass (Day 8)", "one pass (Day 9)"), True),
            Slider("tokens", "Tokens of a chunk, or of the pass", (8, 16, 32, 64), 1),
            Slider("slots", "Slots", (2, 3, 5), 2),
        ),
        lambda setting: long_ones({"every": 0.05}),
        mixed,
        why={"STANDS": "The tokens of this step were spent before it was the turn of {request}."},
    ),
)
