"""The exam of Day 16: what is kept out, and what is tried again."""

from __future__ import annotations

from random import Random
from typing import Any

from tiny_batch_kit.classroom.exam.sheets import Case, sheet, told
from tiny_batch_kit.course.implementations import load


def _healths(random: Random) -> Case:
    moves = []
    for _ in range(140):
        kind = random.choice(["well", "well", "well", "failed", "failed", "sweep", "probe", "spared", "leave"])
        pace = random.choice([0.1, 0.1, 0.11, 0.2, 0.9, random.uniform(0.05, 0.6)])
        moves.append([kind, random.randrange(8), pace, random.choice([0, 0.5, 1, 2, 4])])
    return {
        "moves": moves,
        "paces": [random.choice([0.25, 0.5, 0.5, 1.0, 2.0, 4.0]) for _ in range(8)],
        "worst": random.sample([2.0, 3.0, 3.5, 4.0, 5.0, 7.0], 4),
        "steady": random.random() < 0.4,
        "size": random.randint(3, 8),
        "failures": random.randint(1, 3),
        "slow": random.choice([2.0, 2.0, 3.0]),
        "least": random.randint(1, 4),
        "longest": random.choice([5.0, 40.0]),
        "share": random.choice([0.25, 0.5, 1.0]),
    }


@sheet("16.5", _healths, 40)
def _ejected(case: Case) -> Any:
    names = [f"r{(7 * n) % 10}" for n in range(case["size"])]
    options = {name: case[name] for name in ("failures", "slow", "least", "longest")}
    ejector, now = load("ejection").Ejector(**options, base=2.0, max_share=case["share"]), 0.0
    ejector.join(names)
    found = list[Any]()
    for kind, which, pace, passed in case["moves"]:
        now, name, said = now + passed, names[which % len(names)], None
        if kind == "well" or (kind == "failed" and case["steady"]):
            ejector.succeeded(name, case["paces"][which % len(names)] if case["steady"] else pace, now)
        elif kind == "failed":
            ejector.failed(name, now)
        elif kind == "sweep":
            ejector.sweep(now)
        elif kind == "probe":
            said = ejector.probe(now)
        elif kind == "spared":
            ejector.spared(name)
        elif which == 7:  # seldom
            ejector.leave(name)
            ejector.join([name])
        found.append([said, sorted(ejector.out), ejector.usual()])
    for _ in range(1100 if case["share"] == 1 else 0):  # out for weeks
        now += 100
        dead = ejector.probe(now)
        if dead is not None:
            ejector.failed(dead, now)
    slow = load("ejection").Ejector(least=1, slow=case["slow"], max_share=0.2)
    paces = [*case["worst"], 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    slow.join([f"r{n}" for n in range(len(paces))])
    for n, pace in enumerate(paces):
        slow.succeeded(f"r{n}", pace, 0.0)
    slow.sweep(1.0)
    found.append(sorted(slow.out))
    return [*found, sorted(ejector.out), ejector.probe(now), ejector.probe(now + 4.0), ejector.probe(now + 40.0)]


def _trips(random: Random) -> Case:
    kinds = ["ask", "ask", "failed", "failed", "ended", "left", "shown"] * 3 + ["gone"]
    moves = [[random.choice(kinds), random.randrange(9)] for _ in range(110)]
    return {
        "moves": [[*each, random.choice([0, 0.5, 1, 3]), random.randint(1, 50)] for each in moves],
        "purse": [random.choice(["asked", "asked", "take"]) for _ in range(60)],
        "size": random.randint(1, 5),
        "tries": random.randint(1, 4),
        "share": random.choice([0.1, 0.2, 0.5]),
        "most": random.choice([1.0, 3.0]),
        "out": random.choice([0.25, 0.5, 1.0]),
    }


class _Watching:
    """A policy that notes what it may choose from, and takes one by the request's number."""

    def __init__(self) -> None:
        self.seen = list[Any]()

    def choose(self, ask: Any, reports: Any, now: float) -> str:
        """See the Policy of Day 16."""
        self.seen.append([ask.id, now, [[each.replica, each.requests, each.tokens] for each in reports]])
        return str(reports[ask.number % len(reports)].replica)


@sheet("16.6", _trips, 40)
def _routed(case: Case) -> Any:
    module, reports = load("router"), load("reports")
    purse = module.RetryBudget(case["share"], case["most"])
    found: list[Any] = [bool(purse.take()) if each == "take" else purse.asked() for each in case["purse"]]
    policy, now, going, number = _Watching(), 0.0, list[str](), 0
    ejector = load("ejection").Ejector(failures=2, least=1, base=4.0, max_share=case["out"])
    names = [f"r{(3 * n) % 5}" for n in range(case["size"])]
    fleet = [reports.Report(name, 0.0, 1, 9 * n, 1.0 + n) for n, name in enumerate(names)]
    budget = module.RetryBudget(case["share"], case["most"])
    router = module.Router(policy, fleet, ejector=ejector, budget=budget, tries=case["tries"], sweep_every=9.0)
    asks: dict[str, Any] = {}

    def fail(name: str) -> None:
        again = router.failed(name, now)
        found.append([name, told(router.route, asks[name], now) if again else "given up"])
        if found[-1][1] in ("given up", "refused"):
            going.remove(name)

    for kind, which, passed, tokens in case["moves"]:
        now += passed
        name = going[which % len(going)] if going else ""
        if kind == "ask":
            number += 1
            name = f"ask {number}"
            asks[name] = reports.Ask(name, number, tokens)
            found.append(told(router.route, asks[name], now))
            going += [name] if found[-1] != "refused" else []
        elif kind == "gone":
            gone = names[which % len(names)]
            router.gone(gone)
            for each in [each for each in going if router.going[each].replica == gone]:
                fail(each)
            if tokens % 2:
                router.heard(reports.Report(gone, now, 1, tokens))
        elif name and kind == "failed":
            fail(name)
        elif name and kind == "shown":
            router.shown(name)
        elif name:
            getattr(router, kind)(name, now)
            going.remove(name)
        found.append([sorted(ejector.out), router.budget.left, sorted(router.going) == sorted(going)])
    return [found, policy.seen]
