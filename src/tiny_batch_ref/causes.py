"""Day 14: what can be wrong with a batch, how much of it is too much, and what was found."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Cause(Enum):
    """Why requests wait, or why work is done for nothing."""

    SLOTS = "too few slots"
    LONG_PROMPT = "one long prompt"
    BUDGET = "too small a budget"
    MEMORY = "too little memory"
    THRASH = "read again and again"
    CACHE = "a prefix cache that finds nothing"
    GUESSES = "guesses that are refused"
    BUBBLES = "rows for nobody"
    IDLE = "few requests"


LEAST: dict[Cause, float] = {
    Cause.SLOTS: 0.2,
    Cause.LONG_PROMPT: 0.1,
    Cause.BUDGET: 0.2,
    Cause.MEMORY: 0.2,
    Cause.THRASH: 0.05,
    Cause.CACHE: 0.95,
    Cause.GUESSES: 0.6,
    Cause.BUBBLES: 0.1,
    Cause.IDLE: 0.5,
}
"""From which share on a cause is worth a word."""

MOSTLY = 0.5
"""A prompt of which a row reads at least so much of the budget is a long one."""
FEW = 0.5
"""A step is nearly empty if nobody waits, and at most so much of the slots has a row that reads or decodes."""


class Evidence(NamedTuple):
    """The number behind a finding: a share of so many.

    Of steps, for SLOTS, LONG_PROMPT, BUDGET, MEMORY and IDLE; of the tokens that were computed, for THRASH and BUBBLES;
    of the tokens that were needed, for CACHE; of guesses, for GUESSES. waiting: for the first four, how many waited in
    the steps of that share, on average. who: for LONG_PROMPT, the request that had the longest row of such a step most
    often, and of those the first.
    """

    cause: Cause
    share: float
    of: int
    waiting: float = 0.0
    who: str = ""
