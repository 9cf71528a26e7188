"""The exam of Day 16: where requests go."""

from __future__ import annotations

from random import Random
from typing import Any

from tiny_batch_kit.classroom.exam.sheets import Case, sheet
from tiny_batch_kit.course.implementations import load


def draw_fleet(random: Random) -> Case:
    """Replicas with what they have to do, and requests. Small numbers, so that some are equal."""
    alike = random.random() < 0.4
    replicas = [
        [
            f"replica-{random.randrange(999)}-{n}",
            random.choice([0, 1, random.randint(0, 6)]),
            random.choice([0, 40] if alike else [0, 40, 80, random.randint(0, 900)]),
            1.0 if alike else random.choice([0.5, 1.0, 2.0]),
        ]
        for n in range(random.randint(2, 6))
    ]
    asks = [[f"ask {random.randrange(10**6)}", number, random.randint(1, 400)] for number in range(20)]
    return {"replicas": replicas, "asks": asks, "seed": random.randrange(99)}


def _reports(case: Case) -> Any:
    reports = load("reports")
    return reports.Reports(
        reports.Report(name, 0.0, count, tokens, speed) for name, count, tokens, speed in case["replicas"]
    )


def _chosen(case: Case, policy: Any) -> Any:
    reports, fleet = load("reports"), _reports(case)
    return [policy.choose(reports.Ask(name, number, tokens), fleet, 1.0) for name, number, tokens in case["asks"]]


@sheet("16.1", draw_fleet, 24)
def _in_turn(case: Case) -> Any:
    balancing = load("balancing")
    return [_chosen(case, balancing.RoundRobin()), _chosen(case, balancing.LeastOutstanding())]


def _news(random: Random) -> Case:
    moves = []
    for _ in range(60):
        kind = random.choice(["heard", "sent", "sent", "ended", "ended", "gone"] if random.random() < 0.3 else "hse")
        kind = {"h": "heard", "s": "sent", "e": "ended"}.get(kind, kind)
        moves.append(
            [kind, random.choice("abc"), random.randrange(8), random.choice([0, 1, 2]), random.randint(0, 5), 7]
        )
        moves[-1][5] = random.randint(0, 30)
    return {"moves": moves}


@sheet("16.2", _news, 12)
def _board(case: Case) -> Any:
    """Time goes on by 0 to 2 seconds a move; a report may be from up to 5 seconds ago."""
    reports = load("reports")
    board, now, number = load("board").Board([reports.Report("a", 0.0, 2, 30)]), 10.0, 0
    on_its_way: dict[str, list[str]] = {}
    found = list[Any]()
    for kind, replica, which, passed, age, tokens in case["moves"]:
        now += passed
        here = on_its_way.setdefault(replica, [])
        if kind == "heard":
            board.heard(reports.Report(replica, now - age, which % 4, tokens))
        elif kind == "sent" and replica in board.reports.names:
            number += 1
            here.append(f"ask {number}")
            board.sent(replica, reports.Ask(here[-1], number, 1 + tokens), now)
        elif kind == "ended":
            board.ended(replica, here[which % len(here)] if here else "nobody's", now)
        elif kind == "gone":
            board.gone(replica)
            here.clear()
        then = board.correct(reports.Report(replica, now - age, which % 3, tokens))
        found.append([[each.replica, each.requests, each.tokens] for each in board.reports])
        found.append([then.requests, then.tokens, board.reports.total])
    return found


def _pairs(random: Random) -> Case:
    loads = [[random.choice([0, 1, 5]), random.choice([0, 30, random.randint(0, 99)])] for _ in range(5)]
    speeds, taken = random.choice([[1.0], [0.5, 1.0, 3.0]]), random.choice([[15, 20], [0, 12, 15]])
    fleet = [[*each, random.choice(speeds), random.choice(taken)] for each in loads]
    return {
        "fleet": fleet[: random.choice([1, 2, 2, 3, 5])],
        "tokens": random.randint(1, 60),
        "seed": random.randrange(10**6),
    }


@sheet("16.3", _pairs, 16)
def _two(case: Case) -> Any:
    """Which two a draw falls on is the student's: that it is fair and steady, and what is then chosen, is promised."""
    module, names, tokens = load("reports"), [f"{case['seed']} {n}" for n in range(1500)], case["tokens"]
    fleet = module.Reports(
        module.Report(f"r{n}", taken, count, work, speed) for n, (count, work, speed, taken) in enumerate(case["fleet"])
    )
    idle = module.Reports(module.Report(each.replica) for each in fleet)
    policy = load("balancing").TwoChoices(case["seed"], max_age=10.0)
    again, other = (load("balancing").TwoChoices(case["seed"] + more) for more in (0, 1))
    seen: dict[str, int] = {}
    steady, differ, chosen = True, 0, list[Any]()
    for number, name in enumerate(names):
        ask = module.Ask(name, number, tokens)
        first, second = (each.replica for each in policy.pair(ask, fleet))
        pair = sorted([first, second])
        seen[f"{first} {second}"] = seen.get(f"{first} {second}", 0) + 1
        steady = steady and [each.replica for each in again.pair(module.Ask(name, 3, 1), idle)] == [first, second]
        differ += [each.replica for each in other.pair(ask, fleet)] != [first, second]
        for now in (20, 25.0):
            one = policy.choose(ask, fleet, now)
            chosen.append([pair, one] if len(fleet) < 3 and _all_differ(fleet, tokens, now) else one == first)
    count = len(fleet) * (len(fleet) - 1) or 1
    fair = all(0.4 < each * count / len(names) < 1.8 for each in seen.values())
    if len(fleet) > 2:
        chosen = [_fits(policy, module.Ask(name, 0, tokens), fleet, 20 + n % 9) for n, name in enumerate(names[:100])]
    elif not all(_all_differ(fleet, tokens, now) for now in (20, 25.0)):
        chosen = [_fits(policy, module.Ask(name, 0, tokens), fleet, 20 + n % 9) for n, name in enumerate(names[:50])]
    return [sorted(seen), fair, steady, differ > len(names) // 20 or len(fleet) == 1, chosen]


def _all_differ(fleet: Any, tokens: int, now: float) -> bool:
    """Whether the reports are young enough, and the work of each is another."""
    work = {(each.tokens + tokens) / each.speed for each in fleet}
    return len(work) == len(fleet) and all(now - each.taken <= 10 for each in fleet)


def _fits(policy: Any, ask: Any, fleet: Any, now: float) -> bool:
    first, second = policy.pair(ask, fleet)
    work = [(each.tokens + ask.tokens) / each.speed for each in (first, second)]
    old = now - min(first.taken, second.taken) > 10
    best = first if old or work[0] <= work[1] else second
    return bool(policy.choose(ask, fleet, now) == best.replica)


def _rings(random: Random) -> Case:
    blocks = ["".join(random.choices("ab", k=2)) for _ in range(12)]
    asks = [[f"ask {random.randrange(10**6)}", random.sample(blocks, random.randint(0, 5))] for _ in range(14)]
    replicas = [
        [
            f"replica {random.randrange(99)} {n}",
            random.randint(0, 5),
            random.choice([0.5, 1.0, 1.0, 2.0]),
            random.sample(blocks, random.randint(0, 9)),
        ]
        for n in range(random.randint(1, 6))
    ]
    return {
        "replicas": replicas,
        "asks": asks,
        "factor": random.choice([1.0, 1.25, 2.0, None]),
        "depth": random.randint(1, 4),
        "look": random.choice([1, 2, 3]),
        "points": random.choice([1, 3, 20]),
    }


@sheet("16.4", _rings, 20)
def _affine(case: Case) -> Any:
    reports, affinity = load("reports"), load("affinity")
    fleet = [
        reports.Report(name, 0.0, count, 0, speed, frozenset(each.encode() for each in blocks))
        for name, count, speed, blocks in case["replicas"]
    ]
    factor = float("inf") if case["factor"] is None else case["factor"]
    ring = affinity.HashRing(case["points"])
    names = [report.replica for report in fleet]
    ring.add(names[: len(names) // 2 + 1])
    before = [list(ring.walk(name.encode())) for name, _ in case["asks"]]
    ring.add(iter(names[len(names) // 2 :]))
    ring.add(names[:1])
    found: list[Any] = [before, [list(ring.walk(name.encode())) for name, _ in case["asks"]], sorted(ring.names)]
    everyone = reports.Reports(fleet)
    found.append([affinity.room(report, everyone, factor) for report in fleet])
    policy = affinity.PrefixAffinity(factor, case["depth"], case["look"], case["points"])
    for number, (name, blocks) in enumerate(case["asks"]):
        ask = reports.Ask(name, number, 1, tuple(each.encode() for each in blocks))
        some = everyone.without({names[number % len(names)]}) if number % 3 == 2 and len(names) > 1 else everyone
        found.append([policy.key(ask).hex(), policy.choose(ask, some, 0.0), [affinity.stored(ask, r) for r in fleet]])
    return found
