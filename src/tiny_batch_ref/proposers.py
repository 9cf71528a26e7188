"""Day 13: what guesses. A guess costs little, and may be wrong: the model checks it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from .plan import tokens_between
from .policies import length
from .request import Request


class Proposer(Protocol):
    """Guesses the next tokens of requests that decode."""

    def propose(self, requests: Sequence[Request], most: Sequence[int]) -> Sequence[Sequence[int]]:
        """For each request, guesses of its next tokens, in order: at most `most` of them, and none if nothing helps."""
        ...

    def forget(self, request_id: str) -> None:
        """A request no longer runs: nothing that was kept for it is needed. It may never have been seen."""
        ...


def came_true(guesses: Sequence[int], tokens: Sequence[int]) -> int:
    """How many guesses came true: those before the first that differs from the token that came in its place."""
    right = 0
    while right < min(len(guesses), len(tokens)) and guesses[right] == tokens[right]:
        right += 1
    return right


class PromptLookup:
    """Guesses that what followed the same few tokens before follows them again.

    Good where an answer quotes: edits, summaries, code, tables. It looks at the request's own tokens, prompt and answer
    alike. Source: Saxena, 2023, "Prompt Lookup Decoding"; Yang et al., 2023, "Inference with Reference".
    """

    def __init__(self, longest: int = 4, shortest: int = 2) -> None:
        """It looks for ends of `longest` to `shortest` tokens. Raises ValueError unless 1 ≤ shortest ≤ longest."""
        if not 1 <= shortest <= longest:
            raise ValueError(f"shortest {shortest}, longest {longest}: give 1 ≤ shortest ≤ longest")
        self.longest, self.shortest = longest, shortest
        # For each request: where the token stands that came behind these tokens, the last time that they came.
        self._behind: dict[str, dict[tuple[int, ...], int]] = {}
        self._read: dict[str, int] = {}  # up to where `_behind` knows a request's tokens

    def propose(self, requests: Sequence[Request], most: Sequence[int]) -> Sequence[Sequence[int]]:
        """See Proposer: for each request the tokens from its `_match` on, `most` of them; none if there is no match.

        When they reach the request's own end, they go on with the guesses themselves: what repeats goes on repeating.
        """
        # task 13.1 begin
        found: list[list[int]] = []
        for request, limit in zip(requests, most, strict=True):
            place = self._match(request) if limit > 0 else None
            if place is None:
                found.append([])
                continue
            guesses = list(tokens_between(request, place, place + limit))
            period = length(request) - place
            while len(guesses) < limit:
                guesses.append(guesses[len(guesses) - period])
            found.append(guesses)
        return found
        # task 13.1 end

    def _match(self, request: Request) -> int | None:
        """Where the token stands that followed the same tokens as the request ends with; None if nowhere.

        The longest end counts, of `longest` to `shortest` tokens, and of equally long ones the one that came last. The
        end itself is no match: nothing follows it yet. A call looks only at the tokens that came since the last call,
        however long the request is.
        """
        # task 13.1 begin
        behind, stop = self._behind.setdefault(request.id, {}), length(request)
        for place in range(max(1, self._read.get(request.id, 0)), stop):
            for ending in self._endings(request, place):
                behind[ending] = place
        self._read[request.id] = stop
        return next((behind[ending] for ending in self._endings(request, stop) if ending in behind), None)
        # task 13.1 end

    def _endings(self, request: Request, stop: int) -> list[tuple[int, ...]]:
        """The last tokens before position `stop`, `longest` to `shortest` of them, as far as there are so many."""
        # task 13.1 begin
        tokens = tuple(tokens_between(request, max(0, stop - self.longest), stop))
        return [tokens[-size:] for size in range(len(tokens), self.shortest - 1, -1)]
        # task 13.1 end

    def forget(self, request_id: str) -> None:
        """See Proposer."""
        self._behind.pop(request_id, None)
        self._read.pop(request_id, None)
