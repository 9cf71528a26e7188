"""Day 14: evidence in words: what was seen, and what to change."""

from __future__ import annotations

from .causes import Cause, Evidence
from .step_record import StepRecord

_SEEN = {
    Cause.SLOTS: "In {share} of {of} steps all {slots} slots are taken while {waiting} wait",
    Cause.LONG_PROMPT: "{share} of {of} steps are filled by one long prompt, mostly {who}, while {waiting} wait",
    Cause.BUDGET: "{share} of {of} steps are cut by the budget of {budget} tokens while {waiting} wait",
    Cause.MEMORY: "In {share} of {of} steps memory admits nobody while {waiting} wait, with slots and budget left",
    Cause.THRASH: "{share} of {of} computed tokens were computed before, and lost when their request was sent back",
    Cause.CACHE: "The prefix cache did not have {share} of {of} tokens",
    Cause.GUESSES: "{share} of {of} guesses are refused",
    Cause.BUBBLES: "{share} of {of} computed tokens are of rows that serve nobody",
    Cause.IDLE: "In {share} of {of} steps at most half of the {slots} slots have a row, and nobody waits",
}
_DO = {
    Cause.SLOTS: "give more slots, if memory has room (it is {memory} full at most), or another replica",
    Cause.LONG_PROMPT: "a larger budget makes steps longer, not the prompt shorter: queue it behind shorter ones, or "
    "serve long prompts elsewhere",
    Cause.BUDGET: "raise it, or, if the time per token allows no longer steps, send requests elsewhere",
    Cause.MEMORY: "keep it in pages, don't reserve it for tokens that may never come, or take a smaller model",
    Cause.THRASH: "raise the headroom or lower the number of slots, until fewer are sent back",
    Cause.CACHE: "put what requests share at their beginning, give the cache more blocks, or do without it",
    Cause.GUESSES: "guess fewer tokens at a time, or none when the batch is large",
    Cause.BUBBLES: "let requests join and leave at each step, and don't pad",
    Cause.IDLE: "tokens come as fast as they can, and fewer slots or replicas would do",
}


def words(evidence: Evidence, last: StepRecord, memory: float) -> str:
    """A finding in a sentence: the share and what it is a share of, then what to change.

    last: the last step, for the current settings. memory: the most that was in use, 0 to 1.
    """
    facts = {
        "share": percent(evidence.share),
        "of": f"{evidence.of:,}",
        "waiting": f"{evidence.waiting:.0f}" if evidence.waiting >= 1 else "some",
        "who": evidence.who,
        "slots": last.slots,
        "budget": last.budget,
        "memory": percent(memory),
    }
    return f"{_SEEN[evidence.cause]}: {_DO[evidence.cause]}.".format(**facts)


def percent(share: float) -> str:
    """A share in whole percent, but never 0% of something or 100% of not quite all."""
    if 0 < share < 0.01:
        return "less than 1%"
    if 0.99 < share < 1:
        return "more than 99%"
    return f"{share:.0%}"
