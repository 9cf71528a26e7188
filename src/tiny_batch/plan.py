"""Day 9: what runs in the next step. Pure Python: no model, no clock, no reading and no decoding phase."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import NamedTuple, Protocol

from .request import Request, RequestState
from .sampling import SamplingParams
from .slots import SlotManager


class Work(NamedTuple):
    """One request's part of a step: `tokens` go through the model, after the `start` that are computed already.

    wanted: how many of its last positions need logits: 0 for a chunk that is not a prompt's last, else 1 (from Day 13
    on, one more for each guess).
    """

    request_id: str
    slot: int
    start: int
    tokens: Sequence[int]
    wanted: int
    sampling: SamplingParams


@dataclass(frozen=True)
class StepPlan:
    """All that a runner has to know of a step. preempted: the ids sent back to the queue to make room for it."""

    work: tuple[Work, ...]
    preempted: tuple[str, ...] = ()

    @property
    def num_tokens(self) -> int:
        """How many tokens go through the model."""
        return sum(len(work.tokens) for work in self.work)


class QueueFull(ValueError):
    """No more requests may wait: try again later, or elsewhere."""


class Arrival(NamedTuple):
    """When a request came: its number among all arrivals, and after how many planned steps. It keeps both for good."""

    number: int
    step: int


class WaitingQueue(Protocol):
    """Which requests wait, and which of them is next. Day 10 has more of these."""

    def add(self, request: Request, arrival: Arrival) -> None:
        """A request waits from now on: a new one, or one that was preempted."""
        ...

    def first(self, running: Sequence[Request], step: int) -> Request | None:
        """The request to admit next; it stays in the queue. None if none waits."""
        ...

    def remove(self, request: Request) -> None:
        """A request no longer waits: it was admitted, or has ended."""
        ...

    def __len__(self) -> int: ...


class ArrivalOrder:
    """First come, first served."""

    def __init__(self) -> None:
        self._waiting: dict[str, Request] = {}

    def add(self, request: Request, arrival: Arrival) -> None:
        """See WaitingQueue."""
        self._waiting[request.id] = request

    def first(self, running: Sequence[Request], step: int) -> Request | None:
        """See WaitingQueue."""
        return next(iter(self._waiting.values()), None)

    def remove(self, request: Request) -> None:
        """See WaitingQueue."""
        del self._waiting[request.id]

    def __len__(self) -> int:
        return len(self._waiting)


class Scheduler:
    """Decides what runs in each step, and owns the queue, the slots and the memory.

    A request is known from `add` to `remove`: it waits, or it runs in a slot. It has tokens, and some of them are
    computed. What it wants is the difference.
    """

    def __init__(
        self,
        *,
        max_running: int = 16,
        max_batched_tokens: int = 128,
        max_seq_len: int = 2048,
        max_memory_tokens: int | None = None,
        max_waiting: int | None = None,
        queue: WaitingQueue | None = None,
    ) -> None:
        """A scheduler of `max_running` slots that plans at most `max_batched_tokens` tokens a step.

        max_seq_len: the most tokens of a request, prompt and answer. max_memory_tokens: for how many tokens in all
        keys and values may be kept; None: what the slots hold. max_waiting: how many may wait; None: any number.
        Raises ValueError for a limit below 1, or for fewer tokens a step than requests: each wants one.
        """
        memory = max_running * max_seq_len if max_memory_tokens is None else max_memory_tokens
        if min(max_running, max_seq_len, memory) < 1 or max_batched_tokens < max_running:
            raise ValueError(
                f"max_running {max_running}, max_batched_tokens {max_batched_tokens}, max_seq_len {max_seq_len}, "
                f"max_memory_tokens {max_memory_tokens}: give at least 1 of each, and at least as many tokens a step "
                "as may run"
            )
        self.max_running, self.max_batched_tokens = max_running, max_batched_tokens
        self.max_seq_len, self.max_memory_tokens, self.max_waiting = max_seq_len, memory, max_waiting
        self.waiting: WaitingQueue = ArrivalOrder() if queue is None else queue
        self.running: dict[str, Request] = {}  # in order of admission
        self.slot_of: dict[str, int] = {}  # of the running ones
        self._slots = SlotManager(max_running)
        self.steps = 0  # planned so far
        self._known: dict[str, tuple[Request, Arrival]] = {}
        self._arrivals = count()

    def add(self, request: Request) -> None:
        """Put a request into the queue.

        Its `max_tokens` is lowered to what `max_seq_len` leaves room for. Raises QueueFull if too many wait, and
        ValueError, and changes nothing, if its id is taken, or if it could never run: if its prompt leaves no room in
        `max_seq_len`, or if prompt and answer together are more than `max_memory_tokens`.
        """
        if request.id in self._known:
            raise ValueError(f"there is a request {request.id!r} already: give each an id of its own")
        if self.max_waiting is not None and len(self.waiting) >= self.max_waiting:
            raise QueueFull(f"{len(self.waiting)} requests wait, and no more than {self.max_waiting} may: try later")
        limit = min(request.max_tokens, self.max_seq_len - len(request.prompt))
        if limit < 1 or len(request.prompt) + limit > self.max_memory_tokens:
            raise ValueError(
                f"a prompt of {len(request.prompt)} tokens and {request.max_tokens} new ones can never fit: a request "
                f"has {self.max_seq_len} tokens at most, and memory holds {self.max_memory_tokens}"
            )
        request.max_tokens = limit
        arrival = Arrival(next(self._arrivals), self.steps)
        self._known[request.id] = (request, arrival)
        self.waiting.add(request, arrival)

    def remove(self, request_id: str) -> Request:
        """Forget a request that has ended, and free what it held. Raises ValueError if there is no such request."""
        if request_id not in self._known:
            raise ValueError(f"no request {request_id!r} waits or runs")
        request, _ = self._known.pop(request_id)
        if request_id in self.running:
            del self.running[request_id]
            del self.slot_of[request_id]
            self._slots.free_slot(request_id)
        else:
            self.waiting.remove(request)
        return request

    @property
    def has_work(self) -> bool:
        """Whether any request waits or runs."""
        return bool(self._known)

    @property
    def memory_used(self) -> int:
        """How many tokens of memory the running requests have reserved: all that each may still grow to."""
        return sum(len(request.prompt) + request.max_tokens for request in self.running.values())

    @property
    def num_unread(self) -> int:
        """How many tokens must still be computed before every request that waits or is being read gets a token.

        Prompts, and answers of requests that were sent back; not the one token that each decoding request wants.
        """
        requests = (request for request, _ in self._known.values())
        return sum(num_wanted(request) for request in requests if request.state is not RequestState.DECODING)

    def plan(self) -> StepPlan:
        """Choose what runs in the next step, under `max_batched_tokens`.

        Running requests come first, in order of admission, then waiting ones are admitted while tokens, slots and
        memory last. Each gets all that it wants, but the last may get less: so it alone is half read, and those that
        decode stand before it.
        """
        self.steps += 1
        preempted = self._make_room()
        raise NotImplementedError("Task 9.1: Scheduler.plan: see book/src/day-09.md")

    def commit(self, plan: StepPlan) -> None:
        """Note that a plan's tokens are computed. A PREFILLING request with none left to compute is now DECODING.

        Call it before the sampled tokens are appended, and only if the step has succeeded.
        """
        raise NotImplementedError("Task 9.1: Scheduler.commit: see book/src/day-09.md")

    def _admit(self) -> Request | None:
        """Move the next waiting request into a slot: it is PREFILLING. None, and nothing changes, if none can."""
        raise NotImplementedError("Task 9.1: Scheduler._admit: see book/src/day-09.md")

    def _work(self, request: Request, left: int) -> Work:
        """The work of one request in this step: all that it wants, but at most `left` tokens."""
        raise NotImplementedError("Task 9.1: Scheduler._work: see book/src/day-09.md")

    def _fits(self, request: Request) -> bool:
        """Whether memory has room for a request: all that it may grow to is reserved, so that none runs short."""
        return self.memory_used + len(request.prompt) + request.max_tokens <= self.max_memory_tokens

    def _make_room(self) -> tuple[str, ...]:
        """Send running requests back to the queue if memory is short; returns their ids. Not needed before Day 10."""
        return ()


def num_wanted(request: Request) -> int:
    """How many tokens a request has that are not computed yet: 1 if it decodes, more while it is read."""
    return len(request.prompt) + len(request.tokens) - request.num_computed_tokens


def tokens_between(request: Request, start: int, stop: int) -> Sequence[int]:
    """The request's tokens from `start` to before `stop`, counted over its prompt and its answer."""
    prompt = len(request.prompt)
    if start >= prompt:
        return request.tokens[start - prompt : stop - prompt]
    head = request.prompt[start:stop]
    return head if stop <= prompt else [*head, *request.tokens[: stop - prompt]]
