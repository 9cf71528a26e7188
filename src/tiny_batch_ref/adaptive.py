"""Day 14: tokens a step and requests that run, so that gaps stay at a target while load comes and goes."""

from __future__ import annotations

from collections.abc import Sequence

from tiny_batch_kit.machine.clocks import Clock, WallClock
from tiny_batch_kit.timeline.recorder import RowWork

from .plan import Arrival, Scheduler, WaitingQueue
from .policies import Fifo
from .request import Request

HEADROOM = 0.9
"""A share of the target: above it no more may run. Those that run will soon have longer contexts, and longer steps."""


class LimitedQueue:
    """A queue from which no request is admitted while `limit` requests run. The limit may be changed at any time.

    Slots are a limit too, but their number can't be changed while requests are in them.
    """

    def __init__(self, limit: int = 1, queue: WaitingQueue | None = None) -> None:
        """queue: says which is next; None: a Fifo. Raises ValueError for a limit below 1: none would ever run."""
        if limit < 1:
            raise ValueError(f"limit is {limit}: give at least 1")
        self.limit = limit
        self._queue: WaitingQueue = Fifo() if queue is None else queue

    def add(self, request: Request, arrival: Arrival) -> None:
        """See WaitingQueue."""
        self._queue.add(request, arrival)

    def first(self, running: Sequence[Request], step: int) -> Request | None:
        """See WaitingQueue; None while `limit` requests run, or more that came when it was higher."""
        # task 14.6 begin
        if len(running) >= self.limit:
            return None
        return self._queue.first(running, step)
        # task 14.6 end

    def remove(self, request: Request) -> None:
        """See WaitingQueue."""
        self._queue.remove(request)

    def __len__(self) -> int:
        return len(self._queue)


class LoadControl:
    """Sets how many tokens a step has, and how many requests run, by what steps take. Give `on_step` to the engine.

    The tokens are decided anew for each step, so a mistake costs one step: they follow at once, up and down. A request
    that was admitted stays for a whole answer, and grows: so the limit rises by one a step, and falls at once.
    (Chiu and Jain, 1989, show why shares converge with additive increase and multiplicative decrease.)
    """

    def __init__(
        self,
        scheduler: Scheduler,
        queue: LimitedQueue,
        target_tpot: float,
        *,
        low: int = 1,
        high: int | None = None,
        clock: Clock | None = None,
    ) -> None:
        """scheduler: the engine's, with `queue` as its queue; the engine has no budget of its own.

        target_tpot: seconds that may pass between two tokens of a request. The tokens begin at `low` and stay from
        there to `high`; None: the scheduler's current number. Raises ValueError, and changes nothing, unless
        target_tpot is above 0 and 1 ≤ low ≤ high.
        """
        most = scheduler.max_batched_tokens if high is None else high
        if not target_tpot > 0 or not 1 <= low <= most:
            raise ValueError(f"target_tpot {target_tpot}, from {low} to {most}: give seconds above 0, 1 ≤ low ≤ high")
        self._scheduler, self._queue, self._clock = scheduler, queue, clock or WallClock()
        self.target_tpot, self.low, self.high = target_tpot, low, most
        self.tokens = float(low)
        """Tokens a step, with a fraction: small corrections add up."""
        self._at = self._clock.now()  # when the last step ended
        self._before: frozenset[str | None] = frozenset()  # who was in it
        self._apply()

    def on_step(self, rows: Sequence[RowWork]) -> None:
        """A step has ended, now, in which `rows` did something. Sets `max_batched_tokens` and the queue's `limit`.

        Its seconds are those since the last step ended. They count only if some request was in both steps: otherwise
        the engine may have slept in between. First the tokens follow (`_follow`), then the limit (`_limit`) by the new
        tokens. Last, whether they count or not, the scheduler gets the whole tokens, but at least one for each that
        runs.
        """
        # task 14.6 begin
        now = self._clock.now()
        seconds, self._at = now - self._at, now
        there = frozenset(row.request for row in rows)
        if there & self._before:
            self._follow(sum(row.tokens for row in rows), seconds)
            self._limit(len(rows), seconds)
        self._before = there
        self._apply()
        # task 14.6 end

    def _follow(self, tokens: int, seconds: float) -> None:
        """Correct `tokens` by a step of `tokens` tokens that took `seconds`.

        A step that was not full (it had fewer than the whole part of `self.tokens`) and kept the target says nothing.
        After any other, `tokens` is multiplied by the square root of target / seconds, but at least halved and at most
        doubled (a step of no time doubles it); and the result is kept from `low` to `high`. What is multiplied: the
        greater of `self.tokens` and the step's if it was full, the step's tokens if not. The root goes half of the way,
        so that one odd step moves little, and nothing overshoots even where a step's seconds grow with the square of
        its tokens.
        """
        # task 14.6 begin
        full = tokens >= int(self.tokens)
        if not full and seconds <= self.target_tpot:
            return
        factor = (self.target_tpot / seconds) ** 0.5 if seconds > 0 else 2.0
        start = max(self.tokens, tokens) if full else tokens
        self.tokens = max(self.low, min(start * max(0.5, min(factor, 2.0)), self.high))
        # task 14.6 end

    def _limit(self, running: int, seconds: float) -> None:
        """Correct the queue's `limit` by a step of `running` rows that took `seconds`.

        If there are more rows than `tokens`, one token each, too many run already: the limit is the whole part of
        `tokens`. Else, if there are as many rows as the limit or more, and the step took at most HEADROOM of the
        target, it is one more, but at most the scheduler's `max_running`.
        """
        # task 14.6 begin
        if running > self.tokens:
            self._queue.limit = int(self.tokens)
        elif running >= self._queue.limit and seconds <= HEADROOM * self.target_tpot:
            self._queue.limit = min(self._queue.limit + 1, self._scheduler.max_running)
        # task 14.6 end

    def _apply(self) -> None:
        """Give the scheduler its tokens: no running request may be left out of a step."""
        # task 14.6 begin
        self._scheduler.max_batched_tokens = max(int(self.tokens), len(self._scheduler.running))
        # task 14.6 end
