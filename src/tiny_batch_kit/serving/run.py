"""What one way of serving has done: its clock, its timeline, every request's tokens and end."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from tiny_batch_kit.machine.clocks import ServiceClock
from tiny_batch_kit.model.checkpoints import Checkpoint
from tiny_batch_kit.serving.trace import Asked
from tiny_batch_kit.timeline.events import Timeline
from tiny_batch_kit.timeline.recorder import Recorder


@dataclass(frozen=True)
class Served:
    """What one way of serving made, in the order of the requests.

    tokens: without EOS. latencies: seconds from a request's arrival until its caller had the whole answer; a static
    batch hands out all its answers when the last one is done. gaps: the longest pause between two tokens of each.
    """

    timeline: Timeline
    tokens: list[list[int]]
    latencies: list[float]
    ttft: list[float]
    gaps: list[float]


class Watcher(Protocol):
    """Who is told how it goes, after each step; the clock stands still meanwhile."""

    def show(self, run: "Run") -> None:
        """One step is done."""
        ...


class Run:
    """One way of serving while it goes on."""

    def __init__(
        self,
        label: str,
        checkpoint: Checkpoint,
        asked: Sequence[Asked],
        slots: int,
        eos_token_id: int | None,
        watcher: Watcher | None = None,
    ) -> None:
        """asked: in order of arrival. eos_token_id: what ends an answer; None: only its limit does."""
        self.label, self.checkpoint, self.slots, self.eos = label, checkpoint, slots, eos_token_id
        self.clock = ServiceClock()
        self.recorder = Recorder(self.clock, label, slots)
        self.asked: list[Asked] = []
        self.tokens: dict[str, list[int]] = {}
        self.done: set[str] = set()
        self._times: dict[str, list[float]] = {}
        self._ended: dict[str, float] = {}
        self._watcher = watcher
        for one in asked:
            self.ask(one)

    def ask(self, one: Asked) -> None:
        """Note a request: one that was known from the start, or one that followed from an answer."""
        self.asked.append(one)
        self.recorder.arrive(one.id, at=one.arrival)
        self.tokens[one.id], self._times[one.id] = [], []

    @property
    def waiting(self) -> int:
        """How many requests have arrived and have no token yet."""
        here = [one for one in self.asked if one.arrival <= self.clock.now()]
        return sum(not self.tokens[one.id] and one.id not in self.done for one in here)

    def token(self, request: str, token: int | None) -> None:
        """Note a new token of a request; None for one that is no part of the answer."""
        if token is not None:
            self.tokens[request].append(token)
            self._times[request].append(self.clock.now())

    def stepped(self) -> None:
        """Tell the watcher that a step is done."""
        if self._watcher is not None:
            with self.clock.paused():
                self._watcher.show(self)

    def deliver(self, request: str) -> None:
        """Note that the caller has the whole answer now."""
        self.done.add(request)
        self._ended[request] = self.clock.now()

    def served(self) -> Served:
        """What was made. All requests must have been delivered."""
        facts = {"model": self.checkpoint.name, "weights": self.checkpoint.weights}
        gaps = [[after - before for before, after in pairwise(times)] for times in self._times.values()]
        return Served(
            self.recorder.timeline(**facts),
            [self.tokens[one.id] for one in self.asked],
            [self._ended[one.id] - one.arrival for one in self.asked],
            [(self._times[one.id] or [self._ended[one.id]])[0] - one.arrival for one in self.asked],
            [max(each, default=0.0) for each in gaps],
        )
