"""Day 13: a scheduler whose requests want more than one token a step: the next one, and a few that are guessed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from .caching import CachingScheduler
from .guess_control import FixedGuesses, GuessControl
from .paged_kv import PagedScheduler
from .plan import StepPlan, Work, num_wanted
from .policies import PreemptiveScheduler, length
from .proposers import Proposer, came_true
from .request import Request, RequestState


class SpeculativeScheduler(PreemptiveScheduler):
    """Lets requests that decode bring guesses: they want `1 + k` positions, and the runner says how many were right.

    Guesses are never among a request's tokens. Their keys and values are written after those of its last token; what
    came true is *settled* before the next plan, or when the request leaves: it counts as computed. The rest is
    overwritten. No request is sent back for a guess, and none that runs waits for one: not even its prompt.
    """

    def __init__(self, proposer: Proposer, *, control: GuessControl | None = None, **options: Any) -> None:
        """proposer: makes guesses. control: says how many; None: 4 each. options: those of PreemptiveScheduler."""
        super().__init__(**options)
        self.proposer, self.control = proposer, FixedGuesses(4) if control is None else control
        self.proposer_error: str | None = None  # what it raised, such as `ValueError: no`: it is not asked any more
        self._guesses: dict[str, Sequence[int]] = {}  # of the plan that is being made
        # Of the last plan that succeeded: how many tokens its answer had, and the guesses of the next ones.
        self._unsettled: dict[str, tuple[int, Sequence[int]]] = {}

    @property
    def memory_used(self) -> int:
        """As PreemptiveScheduler.memory_used, and a token for each guess of the plan that is being made."""
        return super().memory_used + sum(map(len, self._guesses.values()))

    def _make_room(self) -> tuple[str, ...]:
        """As PreemptiveScheduler._make_room, between settling the last guesses and making new ones."""
        self._guesses.clear()
        for request in self.running.values():
            self._settle(request)
        preempted = super()._make_room()
        self._propose()
        return preempted

    def _propose(self) -> None:
        """Ask the proposer, and note in `_guesses` whose guesses go into the step: none that is empty.

        It is asked for all requests that are DECODING, in order of admission, each for as many guesses as the control
        allots it, but fewer than the tokens that it may still get: the last token needs no guess. The control is asked
        in every step, even when none decodes. In order of admission, guesses are cut to the tokens that the step has
        left when every running request has all that it wants, and to what has memory: `_room_for`.
        """
        raise NotImplementedError("Task 13.2: SpeculativeScheduler._propose: see book/src/day-13.md")

    def _ask(self, requests: Sequence[Request], most: Sequence[int]) -> Sequence[Sequence[int]]:
        """What the proposer says. If it raises, there are no guesses from now on, and nothing else changes."""
        nothing: list[Sequence[int]] = [()] * len(requests)
        if self.proposer_error is not None or not any(most):
            return nothing
        try:
            guesses = self.proposer.propose(requests, most)
            if len(guesses) != len(requests):
                raise ValueError(f"guesses for {len(guesses)} of {len(requests)} requests: give a list for each")
            return [[int(token) for token in each] for each in guesses]
        except Exception as error:  # whatever it is, answers can do without
            self.proposer_error = f"{type(error).__name__}: {error}"
            return nothing

    def _room_for(self, request: Request, guesses: int) -> int:
        """For how many of a running request's guesses there is memory. That memory is the request's from now on."""
        raise NotImplementedError("Task 13.2: SpeculativeScheduler._room_for: see book/src/day-13.md")

    def _work(self, request: Request, left: int) -> Work:
        """As Scheduler._work, and the request's guesses after its token, with the logits of all these positions."""
        work = super()._work(request, left)
        raise NotImplementedError("Task 13.2: SpeculativeScheduler._work: see book/src/day-13.md")

    def commit(self, plan: StepPlan) -> None:
        """As Scheduler.commit, for all tokens but the guesses: which of these came true is still to be seen."""
        raise NotImplementedError("Task 13.2: SpeculativeScheduler.commit: see book/src/day-13.md")
        self._guesses.clear()
        self.control.stepped(plan)

    def _settle(self, request: Request) -> None:
        """Commit those guesses of a running request that are among its tokens by now, and tell the control.

        They are committed as work that wants nothing. What was taken for the others is given back, even when nothing is
        to be settled: their plan may never have been committed. See `_take_back`.
        """
        raise NotImplementedError("Task 13.2: SpeculativeScheduler._settle: see book/src/day-13.md")

    def _take_back(self, request: Request) -> None:
        """Give back memory that a running request has beyond its tokens. A slot has nothing to give back."""

    def remove(self, request_id: str) -> Request:
        """As Scheduler.remove, once the request's guesses are settled."""
        if request_id in self.running:
            self._settle(self.running[request_id])
        request = super().remove(request_id)
        self._let_go_of_guesses(request_id)
        self.control.forget(request_id)
        return request

    def _send_back(self, request_id: str) -> None:
        """As PreemptiveScheduler._send_back."""
        super()._send_back(request_id)
        self._let_go_of_guesses(request_id)

    def _let_go_of_guesses(self, request_id: str) -> None:
        """A request that has stopped running has no guesses, and the proposer keeps nothing for it."""
        self._guesses.pop(request_id, None)
        try:
            self.proposer.forget(request_id)
        except Exception as error:  # see `_ask`
            self.proposer_error = f"{type(error).__name__}: {error}"


def without_guesses(work: Work) -> Work:
    """The work as it would be if nothing had been guessed."""
    raise NotImplementedError("Task 13.2: without_guesses: see book/src/day-13.md")


class SpeculativeCachingScheduler(SpeculativeScheduler, CachingScheduler):
    """Guesses beside a prefix cache: no block with a guess in it is kept before the guess came true.

    Among its options is `cache`: see CachingScheduler.
    """


class SpeculativePagedScheduler(SpeculativeScheduler, PagedScheduler):
    """Guesses in pages: a page that only guesses need is taken for one step, and given back.

    Among its options is `allocator`: see PagedScheduler.
    """

    memory_used = PagedScheduler.memory_used  # pages of guesses are pages: they are counted already

    def _room_for(self, request: Request, guesses: int) -> int:
        """As SpeculativeScheduler._room_for: pages are added to the request's table, as many as are available."""
        raise NotImplementedError("Task 13.2: SpeculativePagedScheduler._room_for: see book/src/day-13.md")

    def _take_back(self, request: Request) -> None:
        """Release the pages of a running request after the one of its last token."""
        raise NotImplementedError("Task 13.2: SpeculativePagedScheduler._take_back: see book/src/day-13.md")
