"""Workloads whose prompts begin alike: talks of several turns, questions on one document, agents, branches.

A talk is a row of turns. Each turn's prompt is all that was said before, the answers included, and what is new. All
ids are random, from a seed: lengths are exact, and nothing is shared by accident.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.serving.trace import Asked, Jumping
from tiny_batch_kit.serving.workloads import OUTPUTS, PROMPTS, Job


@dataclass(frozen=True)
class Turn:
    """What is new in a turn: token ids, and how many tokens the answer has. pause: seconds behind the last answer."""

    ids: tuple[int, ...]
    limit: int
    pause: float = 0.0


@dataclass(frozen=True)
class Talk:
    """Turns that follow each other; the first comes `arrival` seconds after the start. salt: whose talk it is."""

    id: str
    turns: tuple[Turn, ...]
    arrival: float = 0.0
    salt: str = ""

    @property
    def longest(self) -> int:
        """How many tokens its last prompt and answer have together."""
        return sum(len(turn.ids) + turn.limit for turn in self.turns)


class Turns:
    """The turns of talks as requests: each comes when the one before it has its answer."""

    def __init__(self, talks: Sequence[Talk], start: float = 0.0) -> None:
        """start: when the talks' arrivals count from, in seconds."""
        self.coming = [_Next(start + talk.arrival, number, talk, 0, ()) for number, talk in enumerate(talks)]
        heapq.heapify(self.coming)
        self._going: dict[str, _Next] = {}

    def due(self, clock: Jumping, idle: bool) -> list[Asked]:
        """Take out what has arrived by now. If the server is idle, the clock first jumps to the next arrival."""
        if idle and self.coming:
            clock.advance_to(max(clock.now(), self.coming[0].arrival))
        found = []
        while self.coming and self.coming[0].arrival <= clock.now():
            one = heapq.heappop(self.coming)
            found.append(one.asked())
            self._going[found[-1].id] = one
        return found

    def answered(self, request_id: str, tokens: Sequence[int], now: float) -> None:
        """A request has its answer: its talk goes on, if it has more turns."""
        done = self._going.pop(request_id)
        after = done.turn + 1
        if after < len(done.talk.turns):
            said = (*done.said, *done.talk.turns[done.turn].ids, *tokens)
            heapq.heappush(self.coming, _Next(now + done.talk.turns[after].pause, done.number, done.talk, after, said))


@dataclass(order=True)
class _Next:
    """A talk's next turn, and when it comes. said: all tokens so far."""

    arrival: float
    number: int
    talk: Talk = field(compare=False)
    turn: int = field(compare=False)
    said: tuple[int, ...] = field(compare=False)

    def asked(self) -> Asked:
        """The turn as a request."""
        turn = self.talk.turns[self.turn]
        ids = [*self.said, *turn.ids]
        return Asked(f"{self.talk.id}.{self.turn}", self.talk.id, "", ids, turn.limit, self.arrival, self.talk.salt)


def document(
    vocab: int, *, questions: int = 16, document: int = 512, question: int = 32, limit: int = 32, seed: int = 0
) -> list[Talk]:
    """One document and many questions on it, all at once; each prompt is the document and its own question."""
    text = _ids(vocab, document, seed)
    return [Talk(f"q{n}", (Turn((*text, *_ids(vocab, question, seed, n)), limit),)) for n in range(questions)]


def chat(
    vocab: int,
    *,
    users: int = 4,
    turns: int = 8,
    system: int = 64,
    words: int = 32,
    limit: int = 32,
    seed: int = 0,
    every: float = 1.0,
) -> list[Talk]:
    """Users who talk with one assistant: its system prompt is the same for all. One comes `every` so many seconds."""
    prompt = _ids(vocab, system, seed)
    talks = []
    for user in range(users):
        new = [_ids(vocab, words, seed, user, turn) for turn in range(turns)]
        rest = tuple(Turn(ids, limit) for ids in new[1:])
        talks.append(Talk(f"u{user}", (Turn((*prompt, *new[0]), limit), *rest), every * user))
    return talks


def agents(
    vocab: int,
    *,
    agents: int = 3,
    steps: int = 5,
    system: int = 384,
    result: int = 48,
    limit: int = 24,
    seed: int = 0,
    every: float = 1.0,
) -> list[Talk]:
    """Agents with one long system prompt that describes their tools: each step reads a tool's result, and answers."""
    return chat(vocab, users=agents, turns=steps, system=system, words=result, limit=limit, seed=seed + 1, every=every)


def branches(
    vocab: int, *, count: int = 8, history: int = 384, words: int = 16, limit: int = 32, seed: int = 0
) -> list[Talk]:
    """One conversation that goes on in several ways at once, as when a user edits their last message."""
    return document(vocab, questions=count, document=history, question=words, limit=limit, seed=seed + 2)


def unrelated(vocab: int, *, count: int = 16, prompt: int = 128, limit: int = 32, seed: int = 0) -> list[Talk]:
    """Requests that share nothing: what a cache costs where it can't help."""
    return [Talk(f"r{n}", (Turn(_ids(vocab, prompt, seed, 3, n), limit),)) for n in range(count)]


def prefix_hits(prompts: Iterable[tuple[Sequence[int], Sequence[int], str]], block_size: int) -> list[int]:
    """How many tokens of each prompt whole blocks hold, if all before it have ended and nothing was thrown away.

    prompts: (prompt, answer, salt) in order. The last token of an answer was never computed, so it is in no block.
    """
    stored: set[tuple[str, tuple[int, ...]]] = set()
    found = []
    for prompt, answer, salt in prompts:
        hit = 0
        while hit + block_size < len(prompt) and (salt, tuple(prompt[: hit + block_size])) in stored:
            hit += block_size
        computed = [*prompt, *answer][:-1]
        stored |= {(salt, tuple(computed[:stop])) for stop in range(block_size, len(computed) + 1, block_size)}
        found.append(hit)
    return found


@dataclass(frozen=True)
class TalkJob(Job):
    """A job whose prompt begins as others do. ids: numbers that stand for its tokens; a simulated answer is all 0."""

    ids: tuple[int, ...] = ()

    @property
    def prompt(self) -> Sequence[int]:
        """Its tokens."""
        return self.ids

    @property
    def cache_salt(self) -> str:
        """The same for all: they may share."""
        return ""


def talk_stream(
    count: int,
    *,
    rate: float,
    assistants: int = 50,
    system: int = 128,
    turns: float = 3.0,
    pause: float = 30.0,
    seed: int = 0,
) -> Iterator[TalkJob]:
    """Yield `count` jobs in order of arrival, `rate` a second: turns of talks with one of some assistants.

    An assistant has a system prompt of `system` tokens; few have most of the users (Zipf). A talk has `turns` turns on
    average, with `pause` seconds between them, each on average.
    """
    rng = np.random.default_rng([43, seed])
    up_to = np.cumsum(1 / np.arange(1, assistants + 1))
    up_to /= up_to[-1]
    waiting: list[tuple[float, int, tuple[int, ...], int]] = []  # (arrival, talk, what was said, turns left)
    next_talk, talks = 0.0, 0
    for number in range(count):
        while not waiting or next_talk <= waiting[0][0]:
            who = int(up_to.searchsorted(rng.random(), side="right"))
            said = tuple(range(-system * (who + 1), -system * who))
            heapq.heappush(waiting, (next_talk, talks, said, int(rng.geometric(1 / turns))))
            talks += 1
            next_talk += rng.exponential(turns / rate)
        arrival, talk, said, left = heapq.heappop(waiting)
        words, answer = PROMPTS.draw(rng), OUTPUTS.draw(rng)
        prompt = (*said, *range(1 + 1000 * number, 1 + 1000 * number + words))  # new words, which nobody has said yet
        yield TalkJob(f"{number}", arrival, len(prompt), answer, prompt)
        if left > 1:
            heapq.heappush(waiting, (arrival + rng.exponential(pause), talk, (*prompt, *(0,) * answer), left - 1))


def _ids(vocab: int, count: int, *seed: int) -> tuple[int, ...]:
    if vocab < 1 or count < 1:
        raise KitError(f"{count} tokens from a vocabulary of {vocab}: give at least 1 of each.")
    return tuple(np.random.default_rng([41, *seed]).integers(0, vocab, count).tolist())
