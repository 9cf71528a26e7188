"""Day 11's experiment: what is computed, and when the first token comes, with and without a prefix cache."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from tiny_batch_kit.base.progress import Progress
from tiny_batch_kit.model.checkpoints import Checkpoint
from tiny_batch_kit.model.tuned import tuned
from tiny_batch_kit.serving import talks as workloads
from tiny_batch_kit.serving import texts
from tiny_batch_kit.serving.caching import BLOCK_SIZE, Talked, serve_talks, with_cache, without_cache
from tiny_batch_kit.serving.talks import Talk, Turn
from tiny_batch_kit.shows.experiments import Experiment
from tiny_batch_kit.timeline.svg import render_svg

BLOCKS = 2048
GUESSES = 5


def run(checkpoint: Checkpoint, quick: bool, progress: Progress) -> Experiment:
    """Serve talks that begin alike, with and without the cache; then look what a neighbour can find out."""
    checkpoint = replace(checkpoint, model=tuned(checkpoint.model))
    rows: list[list[object]] = []
    pictures: list[Talked] = []
    chosen = scenes(checkpoint, quick)
    for index, (name, (before, talks)) in enumerate(chosen.items()):
        progress(name, index / (len(chosen) + 1))
        pair = serve_both(checkpoint, name, before, talks)
        rows += [row(name, way, found) for way, found in zip(("without", "with"), pair, strict=True)]
        pictures = pictures or list(pair)
    progress("a neighbour's guess", len(chosen) / (len(chosen) + 1))
    known, other, salted = neighbour(checkpoint, 64 if quick else 256)
    return Experiment(
        title=f"Prompts that begin alike, with and without a store of {BLOCKS:,} blocks of {BLOCK_SIZE} tokens",
        columns=["workload", "cache", "TTFT p50 s", "tokens/s", "computed", "loaded", "predicted", "share computed"],
        rows=rows,
        data={"guess": {"right": known, "wrong": other, "right, other salt": salted}},
        svg=render_svg(
            [each.timeline for each in pictures],
            title="Sixteen questions on one document, without and with a prefix cache",
            description="Without the cache each of sixteen rows reads the whole document, one after the other. With "
            "it the first row reads it, and the others begin at their questions: all decode after two seconds.",
        ),
        notes=[
            "Computed: tokens that went through the model, prompts and answers. Loaded: tokens whose keys and values "
            "were copied out of the store. Predicted: what whole blocks hold, counted from the tokens alone.",
            "Document known: the same sixteen questions, after one that has ended: the first of them, once more.",
            f"A neighbour's guess of a prompt that was served: first token after {1e3 * known:.0f} ms if it is right, "
            f"{1e3 * other:.0f} ms if not; with a salt of their own {1e3 * salted:.0f} ms, right or not.",
        ],
        timelines=[each.timeline for each in pictures],
    )


def scenes(checkpoint: Checkpoint, quick: bool) -> dict[str, tuple[Sequence[Talk], Sequence[Talk]]]:
    """(what was served before, what is measured) by name: exact lengths from random tokens, then real text."""
    vocab = checkpoint.model.config.vocab_size
    size = {"questions": 4, "document": 64, "question": 8, "limit": 4} if quick else {}
    questions = workloads.document(vocab, **size)
    earlier = Talk(
        "earlier", (Turn(workloads.document(vocab, **{**size, "questions": 1, "seed": 0})[0].turns[0].ids, 2),)
    )
    tokenizer, short = checkpoint.tokenizer, ({"limit": 4} if quick else {})
    return {
        "16 questions, one document": ((), questions),
        "the same, document known": ((earlier,), questions),
        "4 users, 8 turns": ((), workloads.chat(vocab, **({"users": 2, "turns": 3, **short} if quick else {}))),
        "8 questions on a report": ((), texts.questions(tokenizer, **short)[: 3 if quick else None]),
        "an agent's 3 tasks": ((), texts.agents(tokenizer, **short)),
        "5 endings of one talk": ((), texts.branches(tokenizer, **short)[: 2 if quick else None]),
        "nothing shared": ((), workloads.unrelated(vocab, **({"count": 3, **short} if quick else {}))),
    }


def serve_both(
    checkpoint: Checkpoint, name: str, before: Sequence[Talk], talks: Sequence[Talk]
) -> tuple[Talked, Talked]:
    """Without and with the cache; nobody pays for the first use of anything."""
    found = []
    for way, make in (("without a cache", without_cache), ("with a prefix cache", with_cache(BLOCKS))):
        serve = partial(serve_talks, f"{name}, {way}", checkpoint, make_engine=make)
        serve(talks=[_short(talk) for talk in talks[:2]])
        found.append(serve(talks=talks, before=before))
    return found[0], found[1]


def row(name: str, way: str, found: Talked) -> list[object]:
    """A row of the table."""
    predicted = found.predicted_hits if way == "with" and "known" not in name else None
    ttft = float(np.median(found.ttft))
    return [name, way, ttft, found.tokens_per_second, found.computed, found.loaded, predicted, found.share_computed]


def neighbour(checkpoint: Checkpoint, length: int) -> tuple[float, float, float]:
    """Seconds to the first token for somebody who guesses a prompt of another: right, wrong, right with a salt.

    Medians of GUESSES guesses. This is all that they see, and it is enough.
    """
    vocab, found = checkpoint.model.config.vocab_size, []
    for seed_of_guess, salt in ((0, ""), (1, ""), (0, "neighbour")):
        seconds = []
        for attempt in range(GUESSES):
            secret = workloads.unrelated(vocab, count=1, prompt=length, limit=1, seed=10 * attempt)
            guess = workloads.unrelated(vocab, count=1, prompt=length, limit=1, seed=10 * attempt + seed_of_guess)
            asks = [replace(talk, id="guess", salt=salt) for talk in guess]
            seconds += serve_talks("a guess", checkpoint, asks, with_cache(BLOCKS), 1, secret).ttft
        found.append(float(np.median(seconds)))
    return found[0], found[1], found[2]


def _short(talk: Talk) -> Talk:
    return replace(talk, turns=(replace(talk.turns[0], limit=2),), arrival=0.0)
