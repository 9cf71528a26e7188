"""The exam of Day 14: what is counted, what it says, and what follows from it."""

from __future__ import annotations

from random import Random
from typing import Any

from tiny_batch_kit.classroom.exam.sheets import Case, sheet
from tiny_batch_kit.course.implementations import load


def _durations(random: Random) -> Case:
    return {
        "one": [random.lognormvariate(-2, 2) for _ in range(40)],
        "two": [random.expovariate(3) for _ in range(25)],
        "share": random.random(),
    }


@sheet("14.1", _durations)
def _histogram(case: Case) -> Any:
    histogram = load("histogram").Histogram
    one, two = histogram(), histogram()
    for value in case["one"]:
        one.record(value)
    for value in case["two"]:
        two.record(value)
    one.merge(two)
    return [
        one.counts,
        one.total,
        one.least,
        one.most,
        [one.percentile(share) for share in (0.0, 0.5, case["share"], 1.0)],
    ]


def _points(random: Random) -> Case:
    points = [
        [
            random.randint(1, 64),
            random.randint(64, 512),
            16,
            random.randint(1, 40),
            random.randint(1, 20) / 10,
            random.randint(1, 20) / 100,
        ]
        for _ in range(14)
    ]
    return {"points": points, "ttft": random.uniform(0.5, 2), "tpot": random.uniform(0.05, 0.2)}


@sheet("14.5", _points)
def _tuned(case: Case) -> Any:
    tuning, objective = load("tuning"), load("totals").Objective(case["ttft"], case["tpot"])
    points = [tuning.Point(tuning.Setting(*each[:3]), *map(float, each[3:])) for each in case["points"]]
    shown = sorted([p.throughput, p.ttft, p.tpot] for p in tuning.pareto(points))
    return [shown, tuning.best_under(points, objective).throughput]
