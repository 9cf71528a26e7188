"""Day 14: a caller whose first token can't come in time is told so at once, and when to come back."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tiny_batch_kit.machine.clocks import Clock, WallClock
from tiny_batch_kit.timeline.events import Kind
from tiny_batch_kit.timeline.recorder import RowWork

from .plan import QueueFull, Scheduler
from .request import Request
from .totals import Objective


class NotInTime(QueueFull):
    """The first token can't come in time. retry_after: in how many seconds to try again, above 0 and finite."""

    def __init__(self, message: str, retry_after: float) -> None:
        """message: for the caller."""
        super().__init__(message)
        self.retry_after = retry_after


class Promise:
    """Admits a request if its first token can come in time, by how fast prompts are read while some wait.

        promise.check(request)          # raises NotInTime
        engine.add_request(request)

    That rate is what is left for reading. It needs no knowledge of answers, slots, memory or hits: whatever holds up
    the queue lowers it.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        objective: Objective,
        rate: float,
        *,
        margin: float = 1.25,
        memory: float = 30.0,
        clock: Clock | None = None,
    ) -> None:
        """scheduler: the engine's; it is only read. objective: its `ttft` is what is promised.

        rate: prompt tokens a second to begin with; it is learned, over about `memory` seconds. margin: a forecast
        counts as if it were `margin` times as long. Raises ValueError for a rate or a memory that is not above 0 and
        finite, or a margin below 1.
        """
        if not (0 < rate < math.inf and 0 < memory < math.inf and 1 <= margin < math.inf):
            raise ValueError(
                f"rate {rate}, memory {memory}, margin {margin}: give numbers above 0, and a margin from 1"
            )
        self._scheduler, self._clock = scheduler, clock or WallClock()
        self.objective, self.rate, self.margin, self.memory = objective, rate, margin, memory
        self._at = self._clock.now()  # when the last step ended
        self._unread = 0  # tokens that had still to be read by then

    def on_step(self, rows: Sequence[RowWork]) -> None:
        """A step has ended, now. Give it to the engine, or call it from a function that you give to it.

        Only if something was left to read when the last step ended, and is left now, was the engine reading as fast as
        it could all the time. Then `rate` learns: it goes a share 1 − exp(−seconds / memory) of the way to the step's
        PREFILL tokens a second, where seconds are those since the last step ended; and it never falls below one token
        in `memory` seconds.
        """
        # task 14.7 begin
        now, unread = self._clock.now(), self._scheduler.num_unread
        seconds = now - self._at
        if self._unread and unread and seconds > 0:
            read = sum(row.tokens for row in rows if row.kind is Kind.PREFILL)
            share = -math.expm1(-seconds / self.memory)
            self.rate = max(self.rate + (read / seconds - self.rate) * share, 1 / self.memory)
        self._at, self._unread = now, unread
        # task 14.7 end

    def forecast(self, prompt_tokens: int) -> float:
        """In how many seconds a request with a prompt of that many tokens would have its first token, if it came now.

        All that is unread is read before it (`Scheduler.num_unread`), and then its own prompt, at `rate`. Raises
        ValueError for less than 1 token.
        """
        # task 14.7 begin
        if prompt_tokens < 1:
            raise ValueError(f"a prompt has {prompt_tokens} tokens: give at least 1")
        return (self._scheduler.num_unread + prompt_tokens) / self.rate
        # task 14.7 end

    def check(self, request: Request) -> None:
        """Return if the request may be added now. It changes nothing.

        Raises NotInTime if `margin` times its forecast is more than the promised TTFT. But if nothing is unread, it may
        come in any case: waiting would not help. `retry_after`: after how long, if no other request comes and `rate`
        stays, enough has been read for it to be admitted (all that is unread, if its own reading alone takes too long).
        The message has the forecast, to a tenth of a second, and the promised TTFT.
        """
        # task 14.7 begin
        prompt, unread = len(request.prompt), self._scheduler.num_unread
        allowed = self.objective.ttft * self.rate / self.margin - prompt  # tokens that may be before it
        if not unread or unread <= allowed:
            return
        after = (unread - max(0.0, allowed)) / self.rate
        raise NotInTime(
            f"the first token would come in {self.forecast(prompt):.1f} s, and {self.objective.ttft:.1f} s are "
            f"promised: come back in {after:.1f} s",
            after,
        )
        # task 14.7 end
