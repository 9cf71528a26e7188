"""The exam of Day 14, second half: what keeps requests waiting, and what to set, promise or refuse."""

from __future__ import annotations

import re
from random import Random
from types import SimpleNamespace
from typing import Any

from tiny_batch_kit.classroom.exam.measured import draw_rows, made_rows
from tiny_batch_kit.classroom.exam.sheets import Case, sheet, told
from tiny_batch_kit.course.implementations import load


def _steps(random: Random) -> Case:
    """Ten or twenty steps, many of them alike: so that shares are round, and meet their limits exactly."""
    records = []
    kinds = random.choice([["prefill"], ["decode", "prefill"], ["decode", "prefill", "wasted", "idle"], ["decode"]])
    alike, long = random.random() < 0.5, random.random() < 0.25
    for _ in range(random.choice([1, 5, 10, 20])):
        rows = draw_rows(random, random.randint(0, 4))
        for row in rows:
            row[1] = "prefill" if long else random.choice(kinds)
            row[2] = None if row[1] in ("idle", "wasted") else random.choice(["a", "b", "c"])
            row[4] = random.randint(0, row[3]) if row[1] == "decode" else 0
        prefill = sum(row[3] for row in rows if row[1] == "prefill")
        computed = sum(row[3] for row in rows if row[1] != "idle")
        records.append(
            {
                "rows": rows,
                "slots": 4,
                "budget": max(1, computed + random.choice([0] if long else [0, 0, 0, 1, 5])),
                "running": 3 if long else random.choice([4, len(rows), 3]),
                "waiting": 3 if long else random.choice([0, 1, 2, 5]) if not alike else random.choice([0, 2]),
                "memory": random.randint(0, 40),
                "room": random.choice([40, 80]),
                "found": random.choice([0, 0, random.randint(0, 9)]),
                "again": random.choice([0, 0, 0, random.randint(0, prefill)]),
                "caching": random.random() < 0.7,
            }
        )
    return {"records": [random.choice(records[:3]) for _ in records] if alike else records}


@sheet("14.4", _steps, 40)
def _composed(case: Case) -> Any:
    module, record = load("composition"), load("step_record").StepRecord
    records = [record(**{**each, "rows": tuple(made_rows(each["rows"]))}) for each in case["records"]]
    causes = [module.cause_of(each) for each in records]
    evidence = [[each[0].value, *list(each)[1:]] for each in module.measure(records)]
    found = [[each.evidence.cause.value, each.text] for each in module.findings(records)]
    parts = [list(module.compose(each)) for each in records]
    return [parts, list(module.sum_of(records)), causes, evidence, found, list(module.findings([]))]


def _points(random: Random) -> Case:
    few = random.random() < 0.6
    points = [
        [
            random.randint(1, 64),
            random.randint(64, 512),
            16,
            random.randint(1, 5 if few else 40),
            random.randint(1, 20) / 10,
            random.randint(1, 5 if few else 20) / 100,
        ]
        for _ in range(14)
    ]
    return {
        "points": points,
        "ttft": random.choice([0.05, random.uniform(0.5, 2), 1.0, 1.5]),
        "tpot": random.choice([0.03, 0.05, random.uniform(0.05, 0.2)]),
        "slots": sorted(random.sample(range(1, 60), random.randint(1, 5))),
        "tokens": sorted(random.sample(range(1, 80), random.randint(1, 5))),
        "blocks": sorted(random.sample(range(1, 40), random.randint(1, 4))),
        "cost": [random.choice([0.0, 0.001]), random.choice([0.001, 0.002])],
    }


@sheet("14.5", _points, 32)
def _tuned(case: Case) -> Any:
    tuning, objective = load("tuning"), load("totals").Objective(case["ttft"], case["tpot"])
    points = [tuning.Point(tuning.Setting(*each[:3]), *map(float, each[3:])) for each in case["points"]]
    place = {id(point): number for number, point in enumerate(points)}
    found: list[Any] = [[place.get(id(point), -1) for point in tuning.pareto(iter(points))]]
    best = told(tuning.best_under, iter(points), objective)
    found.append(best if best == "refused" else place.get(id(best), -1))
    asked = list[Any]()

    def measure(setting: Any) -> Any:
        """A load that keeps what `search` relies on."""
        asked.append([setting.slots, setting.tokens, setting.block])
        tpot = case["cost"][0] * setting.slots + case["cost"][1] * setting.tokens
        speed = setting.slots * 10.0 + setting.tokens - abs(setting.block - 16) * 0.01
        return tuning.Point(setting, speed, 4.0 / (setting.slots + setting.tokens), tpot)

    def searched(slots: list[int], tokens: list[int], blocks: list[int]) -> Any:
        some = tuning.search(measure, slots, tokens, blocks, objective)
        return [[each.setting.slots, each.setting.tokens, each.setting.block] for each in some]

    axes = [case["slots"], case["tokens"], case["blocks"]]
    found.append([searched(*axes), list(asked)])
    for number, axis in enumerate(axes):
        for bad in ([], [*axis, axis[-1]], [axis[0] + 1, axis[0]]):
            found.append(told(searched, *axes[:number], bad, *axes[number + 1 :]))
    return found


def _loads(random: Random) -> Case:
    moves = [
        [
            random.choice([0, 256, random.randint(60, 256), random.randint(60, 256), random.randint(256, 1200)]) / 4096,
            random.randint(1, 9),
            random.choice([0, 0, 0, 0, 100]),
            random.choice([-1, 0, 0, 0, 3]),
            random.randint(0, 12),
        ]
        for _ in range(60)
    ]
    return {
        "moves": moves,
        "low": random.choice([1, 4]),
        "high": random.choice([None, 16, 40]),
        "limit": random.choice([1, 3]),
        "slots": random.randint(3, 10),
    }


class _Asked:
    """A queue of one, which notes what `first` is asked for."""

    def __init__(self) -> None:
        self.waiting, self.asked = list[Any](), list[Any]()

    def add(self, request: Any, arrival: Any) -> None:
        """See the WaitingQueue of Day 9."""
        self.waiting.append(request)

    def first(self, running: Any, step: int) -> Any:
        """See the WaitingQueue of Day 9."""
        self.asked = [len(running), step]
        return self.waiting[0]

    def __len__(self) -> int:
        return len(self.waiting)


@sheet("14.6", _loads, 20)
def _followed(case: Case) -> Any:
    from tiny_batch_kit.machine.clocks import VirtualClock

    adaptive, clock = load("adaptive"), VirtualClock()
    request, inner = load("request").Request("first", [1], 1), _Asked()
    queue = adaptive.LimitedQueue(case["limit"], inner)
    queue.add(request, load("plan").Arrival(0, 0))
    serving = SimpleNamespace(max_running=case["slots"], max_batched_tokens=30, running={}, waiting=queue)
    options = {"low": case["low"], "high": case["high"], "clock": clock}
    control = adaptive.LoadControl(serving, queue, 1 / 16, **options)
    found: list[Any] = [serving.max_batched_tokens]
    for seconds, rows, names, off, runs in case["moves"]:
        clock.advance(seconds)
        rows = min(rows, case["slots"])
        serving.running = dict.fromkeys(map(str, range(runs)))
        tokens = max(rows, int(control.tokens) + off)
        each = [[slot, "decode", f"r{slot + names}", 1, 1] for slot in range(rows)]
        each[0][3] += tokens - rows
        control.on_step(made_rows(each))
        first = queue.first([request] * runs, rows)
        found.append([control.tokens, queue.limit, serving.max_batched_tokens, first is request, list(inner.asked)])
    return found


def _reading(random: Random) -> Case:
    moves = [
        [
            random.choice([0.0, 0.1, 0.5, random.uniform(0, 9)]),
            random.choice([0, 0, random.randint(1, 400)]),
            random.randint(1, 300),
            draw_rows(random, 3),
        ]
        for _ in range(40)
    ]
    return {
        "moves": moves,
        "rate": random.choice([50.0, 200.0]),
        "margin": random.choice([1.0, 1.25, 2.0]),
        "memory": random.choice([1.0, 30.0]),
        "ttft": random.choice([0.5, 1.0, 2.0]),
    }


@sheet("14.7", _reading, 16)
def _promised(case: Case) -> Any:
    from tiny_batch_kit.machine.clocks import VirtualClock

    module, clock = load("promise"), VirtualClock(5.0)
    serving = SimpleNamespace(num_unread=0)
    objective = load("totals").Objective(case["ttft"], 9.0)
    options = {"margin": case["margin"], "memory": case["memory"], "clock": clock}
    promise = module.Promise(serving, objective, case["rate"], **options)
    found: list[Any] = [told(promise.forecast, 0), told(promise.forecast, -3)]
    for seconds, unread, size, rows in case["moves"]:
        clock.advance(seconds)
        serving.num_unread = unread
        promise.on_step(made_rows(rows))
        fits = round(objective.ttft * promise.rate / promise.margin)
        for prompt in (size, max(1, fits - unread), max(1, fits - unread + 1)):
            found.append([promise.forecast(prompt), promise.rate, _checked(promise, module, prompt)])
    serving.num_unread = 3
    promise.rate, quarter = 4.0 * promise.margin, round(objective.ttft * 4)
    exactly = quarter - 3 if quarter > 3 else 1
    return [*found, _checked(promise, module, exactly), _checked(promise, module, exactly + 1)]


def _checked(promise: Any, module: Any, prompt: int) -> Any:
    """Whether a request may come: if not, when to come back, and whether the message says how long it would take."""
    before = promise.rate
    try:
        promise.check(load("request").Request("held out", [1] * prompt, 3))
    except module.NotInTime as error:
        numbers = re.findall(r"\d+\.\d+|\d+", str(error))
        told_so = f"{promise.forecast(prompt):.1f}" in numbers
        promised = {f"{promise.objective.ttft:g}", f"{promise.objective.ttft:.1f}"} & set(numbers)
        return [error.retry_after, told_so, bool(promised), promise.rate == before]
    return ["come", promise.rate == before]
