"""Day 13: a control that measures: what a step costs here, and whose guesses come true."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Sequence
from heapq import heapify, heapreplace
from math import inf
from statistics import median

from tiny_batch_kit.machine.clocks import Clock, WallClock

from .plan import StepPlan
from .request import Request

KEPT = 7  # prices of one size of step that are remembered: their median counts, whatever else the machine does
FORGET = 0.9  # what an older judgement still weighs when a new one comes
SHORTEST = 1e-9  # seconds: no step counts as shorter, whatever the clock says
SOONEST, LATEST = 16, 128  # after how many steps something else is tried than what is best


class StepPrices:
    """How long steps of each size in tokens took, as far as was seen; between two sizes, a straight line."""

    def __init__(self) -> None:
        """Nothing has been seen yet."""
        self._seen: dict[int, deque[float]] = {}
        self._sizes: list[int] = []  # in rising order

    def observe(self, tokens: int, seconds: float) -> None:
        """A step of `tokens` tokens took `seconds`: SHORTEST if that is less."""
        if tokens not in self._seen:
            self._seen[tokens] = deque(maxlen=KEPT)
            self._sizes.insert(bisect_left(self._sizes, tokens), tokens)
        self._seen[tokens].append(max(seconds, SHORTEST))

    def knows(self, tokens: int) -> bool:
        """Whether a step of exactly this size was seen."""
        return tokens in self._seen

    @property
    def largest(self) -> int:
        """The largest size seen; 0 if none."""
        return self._sizes[-1] if self._sizes else 0

    def of(self, tokens: float) -> float:
        """Seconds of a step of `tokens` tokens. Beyond the smallest and largest size seen, as many as these; 0 if none.

        That is too little for large ones that have not been tried: so they get tried, and then it is known.
        """
        # task 13.7 begin
        if not self._sizes:
            return 0.0
        above = bisect_left(self._sizes, tokens)
        if above == len(self._sizes) or above == 0:
            return self._median(self._sizes[min(above, len(self._sizes) - 1)])
        low, high = self._sizes[above - 1], self._sizes[above]
        share = (tokens - low) / (high - low)
        return (1 - share) * self._median(low) + share * self._median(high)
        # task 13.7 end

    def _median(self, size: int) -> float:
        return median(self._seen[size])


class Record:
    """How often guesses came true. Old ones count less and less; at the beginning it says what is usual."""

    def __init__(self, usual: float, weight: float = 2.0) -> None:
        """usual: the share that is expected, as if `weight` guesses had been seen."""
        self._right, self._tried = usual * weight, weight

    def judge(self, guesses: int, right: int) -> None:
        """`guesses` guesses were made, and `right` came true. After the first wrong one, nothing was learned."""
        # task 13.7 begin
        self._right = FORGET * self._right + right
        self._tried = FORGET * self._tried + min(guesses, right + 1)
        # task 13.7 end

    @property
    def acceptance(self) -> float:
        """The probability that the next guess comes true, if all before it did."""
        return self._right / self._tried


class MeasuredGuesses:
    """A GuessControl that allots what makes the most tokens a second, by measured prices and acceptance.

    Steps with guesses and without have prices of their own: rows of one token attend together, rows with guesses do
    not. What guessing costs, such as a draft's passes, is in the price: the time runs from `allot` to `stepped`. Now
    and then it tries something else for one step, because it knows less and less about what it does not do.
    """

    def __init__(self, most: int = 8, *, usual: float = 0.6, clock: Clock | None = None) -> None:
        """most: guesses per row at most. usual: the acceptance that is expected before any was seen.

        Raises ValueError if `most` is below 1, or unless 0 < usual < 1.
        """
        if most < 1 or not 0 < usual < 1:
            raise ValueError(f"most {most}, usual {usual}: give at least 1 guess, and a share between 0 and 1")
        self.most, self._clock = most, clock or WallClock()
        self.plain, self.guessing = StepPrices(), StepPrices()
        self._all = Record(usual)
        self._records: dict[str, Record] = {}
        self._began, self._allotted = 0.0, 0
        self._made = 1.0  # which share of the guesses that were allotted is made: not always does anything suggest one
        # Until something else is tried; whether guessing was best last; whether more than is best is tried next.
        self._wait, self._waited, self._guessed, self._more = SOONEST, 0, False, False

    def allot(self, requests: Sequence[Request], spare: int) -> Sequence[int]:
        """See GuessControl: the `_best` counts; but none in the first step of a number of rows, whose price is unknown.

        Every `_wait` steps something else is tried: one each where no guess is best, else none and twice as many, in
        turn. It waits twice as long each time, up to LATEST; but when guessing begins or ends, SOONEST again.
        """
        self._began = self._clock.now()
        counts = self._decide(requests, spare)
        self._allotted = sum(counts)
        return counts

    def _decide(self, requests: Sequence[Request], spare: int) -> list[int]:
        """What `allot` says, without noting the time."""
        rows = len(requests)
        if not self.plain.knows(rows):
            return [0] * rows
        counts = self._best(requests, spare)
        if any(counts) != self._guessed:
            self._wait, self._waited, self._guessed = SOONEST, 0, any(counts)
        self._waited += 1
        if self._waited < self._wait:
            return counts
        self._wait, self._waited = min(2 * self._wait, LATEST), 0
        if not self._guessed:
            return [1] * rows
        more, self._more = self._more, not self._more
        return [min(2 * count, self.most) if more else 0 for count in counts]

    def _best(self, requests: Sequence[Request], spare: int) -> list[int]:
        """How many guesses of each request make the most tokens a second; of equally good choices, the fewest.

        At most `most` each and `spare` in all; and no step has more than twice the tokens of the largest with guesses
        so far or, if that is more, of this one without (`rows`): so none is far too long before its price is known. One
        is added at a time, always the one that is most likely to come true, of equal ones the first request's; the best
        of all the choices passed on the way counts.
        Of any number of guesses, the share `_made` is made: these bring tokens, and these are paid for.
        """
        # task 13.7 begin
        rows, chances = len(requests), [self._acceptance(request.id) for request in requests]
        counts, tokens = [0] * rows, float(rows)
        best, fastest = list(counts), rows / self.seconds(rows, 0) if rows else 0.0
        ahead = [(-chance, place) for place, chance in enumerate(chances)]
        heapify(ahead)
        tried = 2 * max(rows, self.guessing.largest) - rows
        for guesses in range(1, min(spare, rows * self.most, tried) + 1):
            unlikely, place = ahead[0]
            counts[place] += 1
            tokens -= self._made * unlikely
            following = unlikely * chances[place] if counts[place] < self.most else inf
            heapreplace(ahead, (following, place))
            speed = tokens / self.seconds(rows, self._made * guesses)
            if speed > fastest:
                best, fastest = list(counts), speed
        return best
        # task 13.7 end

    def seconds(self, rows: int, guesses: float) -> float:
        """How long a step is expected to take: with guesses at least as long as without."""
        # task 13.7 begin
        plain = self.plain.of(rows)
        return max(plain, self.guessing.of(rows + guesses)) if guesses else plain
        # task 13.7 end

    def _acceptance(self, request_id: str) -> float:
        """A request's own; until it has guessed, that of all."""
        return self._records.get(request_id, self._all).acceptance

    def stepped(self, plan: StepPlan) -> None:
        """See GuessControl: only a step in which all decode has a price. In others, prompts outweigh all else."""
        # task 13.7 begin
        seconds = self._clock.now() - self._began
        if all(work.wanted == len(work.tokens) for work in plan.work):
            guesses = plan.num_tokens - len(plan.work)
            (self.guessing if guesses else self.plain).observe(plan.num_tokens, seconds)
        # task 13.7 end
        if self._allotted:
            made = sum(max(0, work.wanted - 1) for work in plan.work) / self._allotted
            self._made = FORGET * self._made + (1 - FORGET) * made

    def judged(self, request_id: str, guesses: int, right: int) -> None:
        """See GuessControl."""
        if request_id not in self._records:
            self._records[request_id] = Record(self._all.acceptance)
        self._records[request_id].judge(guesses, right)
        self._all.judge(guesses, right)

    def forget(self, request_id: str) -> None:
        """See GuessControl."""
        self._records.pop(request_id, None)
