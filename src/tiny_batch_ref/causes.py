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
"""The share from which on a cause is worth mentioning."""

MOSTLY = 0.5
"""A prompt is long if one row reads at least this share of the budget from it."""
FEW = 0.5
"""A step is nearly empty if no request waits, and at most this share of the slots has a row that reads or decodes."""


class Evidence(NamedTuple):
    """The number behind a finding: a share, and of how many.

    Of steps, for SLOTS, LONG_PROMPT, BUDGET, MEMORY and IDLE; of the tokens that were computed, for THRASH and BUBBLES;
    of the tokens that were needed, for CACHE; of guesses, for GUESSES. waiting: for the first four, how many waited in
    the steps of that share, on average. who: for LONG_PROMPT, the request that most often had the longest row of such a
    step, and of those the first.
    """

    cause: Cause
    share: float
    of: int
    waiting: float = 0.0
    who: str = ""
