"""The exam of Day 14, first half: durations, what is counted, and what the numbers say."""

from __future__ import annotations

from random import Random
from types import SimpleNamespace
from typing import Any

from tiny_batch_kit.classroom.exam.sheets import Case, sheet, told
from tiny_batch_kit.course.implementations import load

REASONS = ("EOS", "STOP", "LENGTH", "CANCELLED", "ERROR")


def _durations(random: Random) -> Case:
    return {
        "one": [random.lognormvariate(-2, 2) for _ in range(random.choice([0, 1, 10, 40]))],
        "two": [random.expovariate(3) for _ in range(random.choice([0, 3, 25]))],
        "edges": [random.choice([-1, -2, 0, random.randrange(30), random.randrange(400)]) for _ in range(6)],
        "odd": [random.choice([0.0, 5e-5, 1e-4, 1e-9, 5e3, 9e5]) for _ in range(random.randint(0, 2))],
        "shares": [random.uniform(0, 100), 0, 50, 99, 100, random.choice([7, 14, 28, 29, 55, 57, 58])],
        "error": random.choice([0.02, 0.05, 0.1]),
    }


@sheet("14.1", _durations, 16)
def _histogram(case: Case) -> Any:
    module = load("histogram")
    one, two = module.Histogram(error=case["error"]), module.Histogram(error=case["error"])
    edges = [one.borders[place % len(one.borders) if place >= 0 else place] for place in case["edges"]]
    for histogram, values in ((one, [*case["one"], *case["odd"]]), (two, [*case["two"], *edges])):
        for value in values:
            histogram.record(value)
    found: list[Any] = [told(one.record, value) for value in (-1e-9, float("inf"), float("nan"), -3.0)]
    found += [told(one.percentile, share) for share in (-0.1, 100.1)]
    moved = module.Histogram(2e-4, 2e3, case["error"])
    for other in (module.Histogram(error=0.03), module.Histogram(1e-3), moved):
        other.record(1.0)
        found.append(told(one.merge, other))
    hundred = module.Histogram(error=case["error"])
    for value in range(1, 101):
        hundred.record(value * 1.0)
    found.append([hundred.percentile(share) for share in case["shares"]])
    for _ in range(2):
        found.append([dump(one), dump(two), len(one), one.mean])
        found.append([_rough(each, share) for each in (one, two) for share in case["shares"]])
        one.merge(two)
    return found


def _rough(histogram: Any, share: float) -> Any:
    """A percentile; of the first bucket, any value up to its border will do."""
    said = histogram.percentile(share)
    return "low" if said is not None and said <= histogram.low else said


def dump(histogram: Any) -> Any:
    """A histogram in few numbers."""
    counts = [[place, count] for place, count in enumerate(histogram.counts) if count]
    return [counts, histogram.total, str(histogram.least), str(histogram.most)]


def dump_totals(totals: Any) -> Any:
    """All that was counted, by name."""
    found: dict[str, Any] = {}
    for name, value in vars(totals).items():
        if hasattr(value, "counts"):
            found[name] = dump(value)
        elif name == "ended":
            found[name] = sorted([reason.value, count] for reason, count in value.items() if count)
        elif name != "objective":
            found[name] = value
    return found


def draw_rows(random: Random, count: int) -> list[list[Any]]:
    """What some slots did: kind, request, tokens, sampled."""
    rows: list[list[Any]] = []
    for slot in range(count):
        kind = random.choice(["prefill", "decode", "decode", "decode", "wasted", "idle"])
        tokens = random.choice([1, 1, random.randint(1, 9)])
        rows.append([slot, kind, f"r{slot}", tokens, random.randint(0, tokens) if kind == "decode" else 0])
    return rows


def made_rows(rows: list[list[Any]]) -> list[Any]:
    """The same, as `on_step` gets them."""
    from tiny_batch_kit.timeline.events import Kind
    from tiny_batch_kit.timeline.recorder import RowWork

    return [RowWork(slot, Kind(kind), name, tokens, sampled) for slot, kind, name, tokens, sampled in rows]


def _finished(random: Random) -> list[Any]:
    """A reason, and times: some of them missing, some of them round."""
    times = [random.choice([random.uniform(0, 3), 0.0, 0.5, 1.0, 2.0]) for _ in range(4)]
    missing = random.choice([0, 0, 0, 1, 2, 3])
    queue, ttft, tpot, latency = times
    return [random.choice(REASONS), *([queue, ttft, tpot][: 3 - missing] + [None] * missing), latency]


def _event(finished: list[Any], name: str = "held out") -> Any:
    reason, queue, ttft, tpot, latency = finished
    reasons = load("request").FinishReason
    return load("engine").FinishedEvent(name, reasons[reason], "", None, queue, ttft, tpot, latency)


def _listening(random: Random) -> Case:
    moves = [
        [
            random.choice(["arrive", "arrive", "step", "events", "events", "read"]),
            random.choice([0, 0.5, random.uniform(0, 2)]),
            random.randrange(50),
            draw_rows(random, random.randint(0, 4)),
            [[random.choice("tttpe"), random.randrange(9), _finished(random)] for _ in range(random.randint(1, 4))],
        ]
        for _ in range(60)
    ]
    return {"moves": moves, "ttft": random.choice([0.5, 1.0, 2.0]), "tpot": random.choice([0.5, 1.0])}


@sheet("14.2", _listening, 8)
def _counted(case: Case) -> Any:
    from tiny_batch_kit.machine.clocks import VirtualClock

    engine, clock = load("engine"), VirtualClock(3.0)
    running: dict[str, Any] = {}
    scheduler = SimpleNamespace(max_running=4, max_batched_tokens=9, running=running, waiting=[0, 0], memory_used=7)
    scheduler.max_memory_tokens, scheduler.cache = 30, None
    heard, reads, there, number = list[Any](), list[Any](), list[str](), 0

    def hear(step: Any) -> None:
        counted = metrics.read()
        heard.append([step.slots, step.budget, step.found, step.again, step.computed, counted.steps, counted.rows])

    objective = load("totals").Objective(case["ttft"], case["tpot"])
    metrics = load("metrics").BatchingMetrics(scheduler, clock=clock, objective=objective, on_record=hear)
    for kind, passed, which, rows, events in case["moves"]:
        clock.advance(passed)
        scheduler.max_batched_tokens = 5 + which % 3
        if kind == "arrive":
            number += 1
            there.append(f"r{number}" if f"r{number % 3}" in there else f"r{number % 3}")
            came = SimpleNamespace(id=there[-1], arrived=clock.now() - which % 3 * 0.25)
            running[there[-1]] = SimpleNamespace(id=there[-1], num_computed_tokens=which)
            metrics.on_arrival(came)
        elif kind == "step":
            for row in rows:
                row[2] = there[(row[0] + which) % len(there)] if there else None
                if row[2] is not None:
                    running.setdefault(row[2], SimpleNamespace(id=row[2], num_computed_tokens=0))
                    running[row[2]].num_computed_tokens += row[3]
            metrics.on_step(made_rows(rows))
        elif kind == "read":
            reads.append(metrics.read())
        else:
            told_of = list[Any]()
            for what, place, finished in events if there else ():
                name = there[place % len(there)]
                if what == "t":
                    told_of.append(engine.TokenEvent(name, place, ""))
                elif what == "p":
                    running.pop(name, None)
                    told_of.append(engine.PreemptedEvent(name))
                elif len(there) > 1:
                    told_of.append(_event(finished, name))
                    there.remove(name)
                    running.pop(name, None)
            metrics.on_events(told_of)
    reads.append(metrics.read())
    return [[dump_totals(each) for each in reads], heard]


def _totals(random: Random) -> Case:
    names = ("processes", "arrived", "good", "tokens", "preemptions", "steps", "rows", "slots", "computed", "budget")
    more = ("read", "again", "found", "guessed", "accepted")
    some = [
        {
            **{name: random.choice([0, random.randint(1, 99)]) for name in (*names, *more)},
            **{name: random.choice([0.0, random.uniform(0, 50)]) for name in ("idle", "present", "stayed", "seconds")},
        }
        for _ in range(3)
    ]
    return {
        "some": some,
        "ended": [[random.choice(REASONS) for _ in range(random.choice([0, 1, 9]))] for _ in some],
        "finished": [_finished(random) for _ in range(30)],
        "objective": [random.choice([0.5, 1.0, 2.0, 9e9]), random.choice([0.5, 1.0, 9e9])],
    }


@sheet("14.3", _totals, 24)
def _said(case: Case) -> Any:
    module, reasons = load("totals"), load("request").FinishReason
    objective = module.Objective(*case["objective"])
    found: list[Any] = [[bool(objective.met(_event(each))) for each in case["finished"]]]
    made = []
    for fields, ended in zip(case["some"], case["ended"], strict=True):
        totals = module.Totals(objective)
        for name, value in fields.items():
            setattr(totals, name, value if ended or name != "stayed" else 0.0)
        totals.ended.update(reasons[each] for each in ended)
        for number, name in enumerate(("queue_time", "ttft", "tpot", "latency", "gap")):
            getattr(totals, name).record(0.1 + number * fields["seconds"])
        made.append(totals)
    found.append(told(made[0].merge, module.Totals(module.Objective(7.0, 7.0))))
    found.append(told(made[0].merge, module.Totals()))
    odd = module.Totals(objective)
    odd.gap = load("histogram").Histogram(error=0.5)
    odd.tokens, odd.seconds = 3, 1e6
    odd.ttft.record(1.0)
    found.append(told(made[0].merge, odd))
    bare = module.Totals()
    for seconds in (0.0, 2.0):
        bare.seconds = seconds
        found.append(told(lambda: bare.goodput))
    for each in made:
        if each is not made[0]:
            made[0].merge(each)
        for totals in (made[0], each):
            shares = ("tokens_per_second", "goodput", "occupancy", "budget_fill", "hit_rate", "acceptance")
            found.append([[getattr(totals, name) for name in shares], list(totals.little()), dump_totals(totals)])
    return [*found, [dump_totals(each) for each in made]]
