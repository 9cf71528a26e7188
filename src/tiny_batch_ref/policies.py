"""Day 10: which request is next, and which has to go when memory runs out."""

from __future__ import annotations

import heapq
from bisect import insort
from collections.abc import Callable, Sequence
from typing import Any

from .plan import Arrival, Scheduler, WaitingQueue
from .request import Request, RequestState

Estimate = Callable[[Request], float]
"""How much work a request still is, in any unit."""
Entry = tuple[float, int, str]
"""An entry of a queue: its key, the number of the request's arrival, its id."""


class Fifo:
    """First come, first served; a request that was sent back has not lost its place.

    Also the base of all queues with a key: the request with the smallest key is first, and of equal ones the one that
    came first. A key is fixed when a request is added. All operations cost the logarithm of the queue at most.
    """

    def __init__(self) -> None:
        """An empty queue."""
        self._heap: list[Entry] = []  # some of these wait no longer: they are thrown away when they come to the top
        self._waiting: dict[str, tuple[Entry, Request]] = {}

    def key(self, request: Request, arrival: Arrival) -> float:
        """What the queue is ordered by."""
        # task 10.1 begin
        return arrival.number
        # task 10.1 end

    def add(self, request: Request, arrival: Arrival) -> None:
        """See WaitingQueue."""
        # task 10.1 begin
        entry = (self.key(request, arrival), arrival.number, request.id)
        self._waiting[request.id] = (entry, request)
        heapq.heappush(self._heap, entry)
        # task 10.1 end

    def first(self, running: Sequence[Request], step: int) -> Request | None:
        """See WaitingQueue."""
        # task 10.1 begin
        while self._heap:
            entry, request = self._waiting.get(self._heap[0][2], (None, None))
            if entry is self._heap[0]:  # and no older entry of one who has come back
                return request
            heapq.heappop(self._heap)
        return None
        # task 10.1 end

    def remove(self, request: Request) -> None:
        """See WaitingQueue. It may stand anywhere in the queue."""
        # task 10.1 begin
        del self._waiting[request.id]
        # task 10.1 end

    def __len__(self) -> int:
        return len(self._waiting)


def remaining_tokens(request: Request) -> float:
    """How many tokens must still be computed, if the answer becomes as long as it may."""
    return len(request.prompt) + request.max_tokens - request.num_computed_tokens


class ShortestFirst(Fifo):
    """Least work first, with ageing: `ageing` units of work are forgiven for each step of waiting.

    A request is never overtaken by one that arrives more than `estimate(request) / ageing` steps after it.
    """

    def __init__(self, ageing: float, estimate: Estimate = remaining_tokens) -> None:
        """ageing: units of work per step, at least 0; 0 forgives nothing, and long requests may starve."""
        if not 0 <= ageing < float("inf"):
            raise ValueError(f"ageing is {ageing}: give a finite number of at least 0")
        super().__init__()
        self.ageing, self.estimate = ageing, estimate

    def key(self, request: Request, arrival: Arrival) -> float:
        """Work left, less what waiting forgives. All that wait age alike: only their arrivals tell them apart."""
        # task 10.2 begin
        return self.estimate(request) + self.ageing * arrival.step
        # task 10.2 end


class LengthBalanced:
    """Keeps the lengths in the batch mixed, so that steps cost about the same: not all long ones, then all short ones.

    A request's length is that of its prompt and its answer so far. Looks at the oldest `window` that wait, and picks
    the one with which the mean length of the running ones is nearest to the mean of all: those that run and those in
    the window. Of equally near ones, the oldest. The oldest is passed over each time that another one is taken out of
    the queue, for whatever reason; after `patience` times it is next, whatever its length.
    """

    def __init__(self, window: int = 16, patience: int = 8) -> None:
        """Raises ValueError for a window below 1 or a patience below 0."""
        if window < 1 or patience < 0:
            raise ValueError(f"window {window}, patience {patience}: give at least 1 and 0")
        self.window, self.patience = window, patience
        self._waiting: list[tuple[int, str, Request]] = []  # in order of arrival
        self._passed = 0  # how often the present oldest one was passed over

    def add(self, request: Request, arrival: Arrival) -> None:
        """See WaitingQueue."""
        at = self._oldest
        insort(self._waiting, (arrival.number, request.id, request))
        if self._oldest is not at:
            self._passed = 0

    def first(self, running: Sequence[Request], step: int) -> Request | None:
        """See WaitingQueue."""
        # task 10.3 begin
        window = [request for _, _, request in self._waiting[: self.window]]
        if not window or self._passed >= self.patience:
            return self._oldest
        now = sum(length(request) for request in running)
        target = (now + sum(length(request) for request in window)) / (len(running) + len(window))

        def distance(request: Request) -> float:
            return abs((now + length(request)) / (len(running) + 1) - target)

        return min(window, key=distance)  # of equal ones, min takes the first
        # task 10.3 end

    def remove(self, request: Request) -> None:
        """See WaitingQueue."""
        # task 10.3 begin
        oldest = self._oldest
        del self._waiting[next(place for place, entry in enumerate(self._waiting) if entry[2] is request)]
        self._passed = 0 if request is oldest else self._passed + 1
        # task 10.3 end

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def _oldest(self) -> Request | None:
        return self._waiting[0][2] if self._waiting else None


def length(request: Request) -> int:
    """How many tokens a request has by now."""
    return len(request.prompt) + len(request.tokens)


class PreemptiveScheduler(Scheduler):
    """Gives memory to tokens that exist, not to those that may come; when it runs out, the last admitted has to go.

    A running request holds memory for the tokens that it has, its whole prompt from the start. One that is sent back
    keeps its tokens and computes them again later. The oldest is never sent back, so all come to their end.
    """

    def __init__(self, *, headroom: int = 8, queue: WaitingQueue | None = None, **options: Any) -> None:
        """headroom: for how many more tokens of each running request there must be memory before another is admitted.

        queue: one that gives requests that come back their old place; None: a Fifo. options: those of Scheduler.
        Raises ValueError if headroom is below 0, or for the reasons of Scheduler.
        """
        if headroom < 0:
            raise ValueError(f"headroom is {headroom}: give at least 0")
        super().__init__(queue=Fifo() if queue is None else queue, **options)
        self.headroom = headroom

    @property
    def memory_used(self) -> int:
        """How many tokens the running requests have."""
        # task 10.4 begin
        return sum(len(request.prompt) + len(request.tokens) for request in self.running.values())
        # task 10.4 end

    def _fits(self, request: Request) -> bool:
        """Whether memory has room for a request's tokens, and then for `headroom` more of each that runs, it included.

        If nothing runs, it has: otherwise the request would have been refused.
        """
        # task 10.4 begin
        growth = self.headroom * (len(self.running) + 1)
        return not self.running or self.memory_used + length(request) + growth <= self.max_memory_tokens
        # task 10.4 end

    def _make_room(self) -> tuple[str, ...]:
        """Send the running requests that were admitted last back to the queue until the others' tokens fit.

        Returns their ids, the last admitted first. They are WAITING, have nothing computed, and have their old place.
        """
        # task 10.4 begin
        preempted: list[str] = []
        while self.memory_used > self.max_memory_tokens:
            preempted.append(next(reversed(self.running)))
            self._send_back(preempted[-1])
        return tuple(preempted)
        # task 10.4 end

    def _send_back(self, request_id: str) -> None:
        """Take a running request's slot and all that it has computed, and put it back into the queue."""
        # task 10.4 begin
        request = self.running.pop(request_id)
        self._slots.free_slot(request_id)
        del self.slot_of[request_id]
        request.num_computed_tokens = 0
        request.advance(RequestState.WAITING)
        self.waiting.add(request, self._known[request_id][1])
        # task 10.4 end
