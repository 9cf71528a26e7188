"""Who comes next: those of a stream, and those who were refused and come back."""

import heapq
import math
from collections.abc import Iterable
from itertools import count

from tiny_batch_kit.serving.workloads import Job


class Arrivals:
    """Jobs in the order in which they come, for the first time or again."""

    def __init__(self, jobs: Iterable[Job], returns: int) -> None:
        """jobs: sorted by arrival. returns: how often each comes back at most."""
        self._stream, self._returns = iter(jobs), returns
        self._next = next(self._stream, None)
        self._back: list[tuple[float, int, Job]] = []  # a heap of those who come back: when, a number, who
        self._numbers, self._came = count(), dict[str, int]()  # how often each of them has been refused
        self.next_at = self._soonest()
        """When the next one comes; infinity if nobody does."""

    @property
    def coming(self) -> bool:
        """Whether anybody still comes."""
        return self.next_at < math.inf

    def _soonest(self) -> float:
        stream = self._next.arrival if self._next is not None else math.inf
        return min(stream, self._back[0][0]) if self._back else stream

    def take(self) -> tuple[Job, float]:
        """The next one, and when it came."""
        if self._back and (self._next is None or self._back[0][0] < self._next.arrival):
            when, _, job = heapq.heappop(self._back)
        else:
            assert self._next is not None, "nobody comes any more"
            when, job = self._next.arrival, self._next
            self._next = next(self._stream, None)
        self.next_at = self._soonest()
        return job, when

    def again(self, job: Job, now: float, refusal: Exception) -> bool:
        """Let a job that was refused come back when the refusal says. False if it is lost."""
        after, times = getattr(refusal, "retry_after", None), self._came.get(job.id, 0) + 1
        if after is None or times > self._returns:
            self._came.pop(job.id, None)
            return False
        self._came[job.id] = times
        heapq.heappush(self._back, (now + after, next(self._numbers), job))
        self.next_at = self._soonest()
        return True
