"""The exam of Day 13: who guesses, and who has the last word."""

from __future__ import annotations

from random import Random
from typing import Any

from tiny_batch_kit.classroom.exam.engine import traffic
from tiny_batch_kit.classroom.exam.sheets import Case, sheet
from tiny_batch_kit.course.implementations import load


@sheet("13.1", traffic, 8)
def _lookups(case: Case) -> Any:
    request, found = load("request").Request, list[Any]()
    proposer = load("proposers").PromptLookup(3, 1)
    for name, prompt, limit, at in case["asks"]:
        found.append([list(each) for each in proposer.propose([request(name, prompt, limit)], [at])])
    return found


def _prices(random: Random) -> Case:
    return {
        "share": random.uniform(0.05, 0.97),
        "guesses": random.randint(0, 9),
        "batch": random.randint(1, 200),
        "context": random.randint(1, 4000),
    }


@sheet("13.6", _prices)
def _pays(case: Case) -> Any:
    from tiny_batch_kit.machine.hardware import A100
    from tiny_batch_kit.model.shapes import LLAMA_3_8B

    control, batch, context = load("guess_control"), case["batch"], case["context"]
    price = control.verify_seconds(LLAMA_3_8B, A100, batch, context, case["guesses"])
    best = control.best_guesses(LLAMA_3_8B, A100, batch, context, case["share"], draft_seconds=1e-4)
    return [control.expected_tokens(case["share"], case["guesses"]), price, best]
