"""The exam of Day 16: where requests go."""

from __future__ import annotations

from random import Random
from typing import Any

from tiny_batch_kit.classroom.exam.sheets import Case, sheet
from tiny_batch_kit.course.implementations import load


def draw_fleet(random: Random) -> Case:
    """Replicas with what they have to do, and requests."""
    replicas = [
        [
            f"replica-{random.randrange(999)}-{n}",
            random.randint(0, 6),
            random.randint(0, 900),
            random.choice([0.5, 1.0, 2.0]),
        ]
        for n in range(random.randint(2, 6))
    ]
    asks = [[f"ask {random.randrange(10**6)}", number, random.randint(1, 400)] for number in range(20)]
    return {"replicas": replicas, "asks": asks, "seed": random.randrange(99)}


def _chosen(case: Case, policy: Any) -> Any:
    reports = load("reports")
    fleet = reports.Reports(
        reports.Report(name, 0.0, count, tokens, speed) for name, count, tokens, speed in case["replicas"]
    )
    return [policy.choose(reports.Ask(name, number, tokens), fleet, 1.0) for name, number, tokens in case["asks"]]


@sheet("16.1", draw_fleet)
def _in_turn(case: Case) -> Any:
    balancing = load("balancing")
    return [_chosen(case, balancing.RoundRobin()), _chosen(case, balancing.LeastOutstanding())]


@sheet("16.6", draw_fleet)
def _retries(case: Case) -> Any:
    budget, found = load("router").RetryBudget(0.2, 3.0), list[Any]()
    for _, _, tokens in case["asks"] * 3:
        if tokens % 3:
            budget.asked()
        else:
            found.append(bool(budget.take()))
    return found
