"""Day 14: what was promised, what was counted, and what can be said of it, for one process or for many."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from .engine import FinishedEvent
from .histogram import Histogram
from .request import FinishReason

WHOLE = frozenset({FinishReason.EOS, FinishReason.STOP, FinishReason.LENGTH})
"""How a request ends whose caller has the whole answer."""


@dataclass(frozen=True)
class Objective:
    """What is promised to each request: its first token within `ttft` seconds, and then one in `tpot`, on average.

    Raises ValueError unless both are above 0; infinity promises nothing.
    """

    ttft: float
    tpot: float

    def __post_init__(self) -> None:
        if not (self.ttft > 0 and self.tpot > 0):
            raise ValueError(f"ttft {self.ttft}, tpot {self.tpot}: give seconds above 0")

    def met(self, finished: FinishedEvent) -> bool:
        """Whether a request that has ended got what was promised: both, and a whole answer (see WHOLE).

        Just in time is in time. Who has one token waits for no second one. An answer without any token is there when
        it ends.
        """
        # task 14.3 begin
        first = finished.latency if finished.ttft is None else finished.ttft
        if finished.reason not in WHOLE or first is None:
            return False
        return first <= self.ttft and (finished.tpot is None or finished.tpot <= self.tpot)
        # task 14.3 end


class Little(NamedTuple):
    """How many requests were there on average: as `seen` from outside, and as their own times say."""

    seen: float
    said: float
