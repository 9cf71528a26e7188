"""The exam of Days 14 to 16, and of pages (Day 12)."""

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


def _stream(random: Random) -> Case:
    return {"moves": [random.choice(["put", "put", "next"]) for _ in range(30)], "bound": random.randint(1, 5)}


@sheet("15.1", _stream)
def _streamed(case: Case) -> Any:
    import asyncio

    stream_module = load("stream")

    async def work() -> Any:
        stream, found = stream_module.EventStream(case["bound"]), list[Any]()
        waiting = 0
        for number, move in enumerate(case["moves"]):
            if move == "put":
                taken = stream.put(number)
                found.append(bool(taken))
                waiting += bool(taken)
                if not taken:
                    break
            elif waiting:
                found.append(await stream.__anext__())
                waiting -= 1
        return found

    return asyncio.run(work())


def _waits(random: Random) -> Case:
    return {
        "seconds": [random.choice([None, random.uniform(0, 90)]) for _ in range(5)],
        "tokens": random.randint(1, 60),
        "most": random.randint(20, 40),
        "status": random.choice([400, 429, 503]),
    }


@sheet("15.4", _waits)
def _refused(case: Case) -> Any:
    refusals = load("refusals")
    refusal = refusals.Refusal(case["status"], "held out", param="prompt", retry_after=case["tokens"])
    try:
        refusals.check_length(case["tokens"], case["most"], "messages")
        fits = True
    except refusals.Refusal as error:
        fits = error.status
    return [[refusals.wait_time(each) for each in case["seconds"]], refusal.body(), refusal.headers, fits]


def _fleet(random: Random) -> Case:
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


@sheet("16.1", _fleet)
def _in_turn(case: Case) -> Any:
    balancing = load("balancing")
    return [_chosen(case, balancing.RoundRobin()), _chosen(case, balancing.LeastOutstanding())]


@sheet("16.6", _fleet)
def _retries(case: Case) -> Any:
    budget, found = load("router").RetryBudget(0.2, 3.0), list[Any]()
    for _, _, tokens in case["asks"] * 3:
        if tokens % 3:
            budget.asked()
        else:
            found.append(bool(budget.take()))
    return found


@sheet("12.1", _fleet)
def _pages(case: Case) -> Any:
    pool, found, held = load("block_allocator").BlockAllocator(12, 2), list[Any](), list[Any]()
    for _, number, tokens in case["asks"]:
        if held and tokens % 3 == 0:
            pool.release(held.pop(number % len(held)))
        else:
            got = pool.allocate(1 + tokens % 4)
            found.append(None if got is None else len(got))
            held += [] if got is None else [got]
        found.append([pool.num_available, len({block.number for blocks in held for block in blocks})])
    return found
