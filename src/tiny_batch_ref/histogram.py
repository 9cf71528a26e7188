"""Day 14: many durations in few numbers: counts between fixed borders, which add up over processes."""

from __future__ import annotations

import math
from bisect import bisect_left
from itertools import accumulate

SHORTEST, LONGEST = 1e-4, 1e3
"""Seconds: from a tenth of a millisecond to a quarter of an hour, percentiles keep their promise."""


class Histogram:
    """Counts values in buckets whose borders never change. Each border is `growth` times the one before.

    A bucket holds the values above its lower border, up to and including its upper one. The first holds all up to
    `low`, and one after the last holds all above the last border. So the size does not depend on how much was
    recorded, and two histograms with the same borders are merged by adding their counts. Borders that grow by
    (1 + error) / (1 - error) are those of DDSketch (Masson, Rim and Lee, 2019, section 2).
    """

    def __init__(self, low: float = SHORTEST, high: float = LONGEST, error: float = 0.02) -> None:
        """The borders begin with `low` and end with the first that is not below `high`. error: a relative one.

        Raises ValueError unless 0 < low < high < infinity and 0 < error < 1.
        """
        if not (0 < low < high < math.inf and 0 < error < 1):
            raise ValueError(f"low {low}, high {high}, error {error}: give 0 < low < high, and an error from 0 to 1")
        self.low, self.high, self.error = float(low), float(high), float(error)
        self.growth = (1 + error) / (1 - error)
        self.borders = [self.low]
        while self.borders[-1] < high:
            self.borders.append(self.low * self.growth ** len(self.borders))
        self.counts = [0] * (len(self.borders) + 1)
        self.total = 0.0  # the sum of all values
        self.least, self.most = math.inf, -math.inf  # of all values

    def __len__(self) -> int:
        """How many values were recorded."""
        return sum(self.counts)

    @property
    def mean(self) -> float | None:
        """The mean of all values, exactly; None if there is none."""
        count = len(self)
        return self.total / count if count else None

    def record(self, value: float) -> None:
        """Count a value, in the time that a look into a sorted list takes.

        Its bucket's count, `total`, `least` and `most` change. Raises ValueError, and changes nothing, if it is below
        0 or not finite.
        """
        # task 14.1 begin
        if not 0 <= value < math.inf:
            raise ValueError(f"{value} can't be recorded: give a finite number of at least 0")
        self.counts[bisect_left(self.borders, value)] += 1
        self.total += value
        self.least, self.most = min(self.least, value), max(self.most, value)
        # task 14.1 end

    def merge(self, other: Histogram) -> None:
        """Add all that another histogram has counted, as if it had been recorded here; `other` stays as it is.

        Raises ValueError, and changes nothing, if its borders are not the same.
        """
        # task 14.1 begin
        if other.borders != self.borders:
            raise ValueError(
                f"only histograms of the same borders can be added: this one has {self.low} to {self.high} with an "
                f"error of {self.error}, the other {other.low} to {other.high} with {other.error}; make both alike"
            )
        self.counts = [mine + others for mine, others in zip(self.counts, other.counts, strict=True)]
        self.total += other.total
        self.least, self.most = min(self.least, other.least), max(self.most, other.most)
        # task 14.1 end

    def percentile(self, share: float) -> float | None:
        """The value that `share` percent of all values don't exceed, roughly; None if nothing was recorded.

        Exactly, that is the value of rank ceil(share / 100 × count) in order, the least for a share of 0. What is
        returned is within `error` of it, relatively, if it is above `low` and up to the last border; up to `low`, it is
        off by `low` at most. Beyond the last border, it is `most`. Never below `least` or above `most`, so 100 gives
        the greatest value exactly. Raises ValueError for a share below 0 or above 100.
        """
        # task 14.1 begin
        if not 0 <= share <= 100:
            raise ValueError(f"{share} is no share: give percent, from 0 to 100")
        count = len(self)
        if not count:
            return None
        rank = max(1, math.ceil(share * count / 100))
        place = bisect_left(list(accumulate(self.counts)), rank)
        return min(max(self._middle(place), self.least), self.most)
        # task 14.1 end

    def _middle(self, bucket: int) -> float:
        """The value that stands for a bucket: as far from its lower border as from its upper one, relatively.

        In the first bucket any value up to `low` will do; in the last, it is `most`.
        """
        # task 14.1 begin
        if bucket == 0:
            return self.least
        if bucket == len(self.borders):
            return self.most
        below, above = self.borders[bucket - 1], self.borders[bucket]
        return 2 * below * above / (below + above)
        # task 14.1 end
