"""The exam of Day 13: who guesses, who has the last word, and when guessing pays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from tiny_batch_kit.classroom.exam.sheets import Case, sheet
from tiny_batch_kit.course.implementations import load


def _repeats(random: Random) -> Case:
    size = random.choice([2, 4])
    asks = [
        [f"r{n}", [random.randrange(size) for _ in range(random.randint(1, 24))], 9, random.randint(0, 6)]
        for n in range(8)
    ]
    return {"asks": asks, "lengths": random.choice([[3, 1], [2, 2], [4, 2], [1, 1]])}


@sheet("13.1", _repeats, 12)
def _lookups(case: Case) -> Any:
    request, found = load("request").Request, list[Any]()
    proposer = load("proposers").PromptLookup(*case["lengths"])
    for name, prompt, limit, at in case["asks"]:
        made = request(name, prompt, limit)
        for more in range(3):
            found.append([list(each) for each in proposer.propose([made], [at])])
            made.tokens += prompt[: more + 1]
    return found


def _rows(random: Random) -> Case:
    works = []
    for number in range(random.randint(1, 5)):
        guesses = random.randint(0, 4)
        works.append(
            {
                "start": random.randrange(60),
                "first": [random.randrange(6) for _ in range(random.choice([1, 1, 4]))],
                "guesses": [random.randrange(6) for _ in range(guesses)],
                "right": random.randint(0, guesses + 1),
                "temperature": random.choice([0.0, 0.0, 1.0]),
                "seed": 7 * number + random.randrange(99),
                "scores": [[random.gauss(0, 2) for _ in range(6)] for _ in range(guesses + 1)],
            }
        )
    return {"works": works}


def _made(case: Case) -> tuple[Any, list[Any]]:
    """Logits and works. The likeliest token of a row is the guess in its place, for as many as are to be right."""
    import mlx.core as mx

    plan, sampling, works, rows = load("plan"), load("sampling"), list[Any](), list[Any]()
    for number, each in enumerate(case["works"]):
        params = sampling.SamplingParams(each["temperature"], seed=each["seed"])
        tokens = [*each["first"], *each["guesses"]]
        works.append(plan.Work(f"r{number}", 9 - number, each["start"], tokens, 1 + len(each["guesses"]), params))
        for place, row in enumerate(each["scores"]):
            sure = place < min(each["right"], len(each["guesses"]))
            rows.append([score + 40 * (sure and token == each["guesses"][place]) for token, score in enumerate(row)])
    return mx.array(rows), works


@sheet("13.3", _rows, 16)
def _matched(case: Case) -> Any:
    """Greedy rows as they are. On which token a draw falls is the student's: it is the one without guesses."""
    logits, works = _made(case)
    sampling, found, first = load("sampling"), list[Any](), 0
    got = load("acceptance").match(logits, works)
    for work, tokens in zip(works, got, strict=True):
        rows = logits[first : first + work.wanted]
        first += work.wanted
        if work.sampling.temperature == 0:
            found.append([int(token) for token in tokens])
            continue
        stop, alone = work.start + len(work.tokens) + 1, list[int]()
        for place in range(work.wanted):
            at = stop - work.wanted + place
            alone.append(int(sampling.sample_batch(rows[place : place + 1], [work.sampling], [at]).item()))
            if place + 1 < work.wanted and alone[-1] != work.tokens[len(work.tokens) - work.wanted + 1 + place]:
                break
        found.append([int(token) for token in tokens] == alone)
    return found


def _shares(random: Random) -> Case:
    def shares() -> list[float]:
        parts = [random.choice([0.0, 1.0, random.random()]) for _ in range(5)]
        parts[random.randrange(5)] += 0.5
        return [part / sum(parts) for part in parts]

    target = [shares() for _ in range(5)]
    draft = [random.choice([shares(), shares(), list(target[place])]) for place in range(4)]
    guesses = [random.choice([token for token in range(5) if row[token] > 0]) for row in draft]
    draws = [[random.choice([0.0, 0.999, random.random(), random.random()]) for _ in range(2)] for _ in target]
    return {"target": target, "draft": draft, "guesses": guesses, "draws": draws, "count": random.randint(0, 4)}


@sheet("13.4", _shares, 60)
def _accepted(case: Case) -> Any:
    import numpy as np

    module, count = load("rejection"), case["count"]
    target, draft = np.array(case["target"]), np.array(case["draft"])
    draws = [tuple(each) for each in case["draws"]]
    got = module.accept(target[: count + 1], draft[:count], case["guesses"][:count], draws[: count + 1])
    one = module.accept(target[:2], draft[:1], case["guesses"][:1], draws[:2])
    residuals = [module.residual(target[place], draft[place]) for place in range(4)]
    return [[int(token) for token in got], [int(token) for token in one], residuals]


class Echo:
    """A runner whose next token follows from a slot's history; guesses are checked, as a SpeculativeRunner does."""

    def __init__(self, size: int = 5) -> None:
        self.stored, self.size, self.plans = dict[int, list[int]](), size, list[Any]()

    def next_of(self, history: Sequence[int]) -> int:
        """What comes after a history."""
        return (sum((place + 3) * (token + 1) for place, token in enumerate(history[-9:])) + len(history)) % self.size

    def run(self, plan: Any) -> Mapping[str, Sequence[int]]:
        """See the Runner of Day 9."""
        self.plans.append(
            [
                [w.request_id, w.slot, w.start, list(map(int, w.tokens)), int(w.wanted), w.sampling.seed]
                for w in plan.work
            ]
            + [list(plan.preempted), [list(each) for each in getattr(plan, "tables", ())]]
        )
        said: dict[str, list[int]] = {}
        for work in plan.work:
            before = [*self.stored.get(work.slot, [])[: work.start]]
            self.stored[work.slot] = history = [*before, *work.tokens]
            for place in range(len(history) - work.wanted, len(history)):
                said.setdefault(work.request_id, []).append(self.next_of(history[: place + 1]))
                if place + 1 < len(history) and said[work.request_id][-1] != history[place + 1]:
                    break
        return said


def _drafts(random: Random) -> Case:
    moves = [
        [
            [random.choice([0, 1, 2, 3, 4]) for _ in range(5)],
            [random.randint(0, 4) for _ in range(5)],
            random.choice([-1, -1, -1, random.randrange(5)]),
            random.choice([0, 1, random.randrange(5)]),
        ]
        for _ in range(14)
    ]
    prompts = [[random.randrange(5) for _ in range(random.randint(1, 14))] for _ in range(5)]
    return {"moves": moves, "prompts": prompts, "rows": random.randint(1, 5), "most": random.choice([0, 3, 12, 60])}


@sheet("13.5", _drafts, 16)
def _drafted(case: Case) -> Any:
    """Each time, some guesses come true, and then another token comes; one request may leave, and come again."""
    runner, make = Echo(), load("request").Request
    limit = case["rows"] + case["most"]
    draft = load("draft").DraftModel(runner, max_running=case["rows"], max_batched_tokens=limit)
    params = load("sampling").SamplingParams
    requests = [make(f"r{n}", each, 400, sampling=params(1.0, seed=n)) for n, each in enumerate(case["prompts"])]
    found = list[Any]()
    for turn, (most, right, leaves, order) in enumerate(case["moves"]):
        if leaves >= 0:
            draft.forget(requests[leaves].id)
            requests[leaves] = make(f"r{leaves}-{turn}", requests[leaves].prompt, 400, sampling=params(1.0, seed=turn))
        asked = [*requests[order:], *requests[:order]][: 5 - turn % 2]
        guesses = draft.propose(asked, most[: len(asked)])
        found.append([[int(token) for token in each] for each in guesses])
        for request, each, count in zip(asked, guesses, right, strict=False):
            request.tokens += [int(token) for token in each[:count]]
            request.tokens.append((turn + count) % 5 if count < len(each) else runner.next_of([turn]))
    return [found, [sorted(each[:-2]) for each in runner.plans]]


def _prices(random: Random) -> Case:
    return {
        "share": random.choice([0.0, 1.0, random.uniform(0.05, 0.97)]),
        "guesses": random.randint(0, 9),
        "batch": random.randint(1, 200),
        "context": random.randint(1, 4000),
        "draft": random.choice([0.0, 1e-4, 1e-3]),
        "most": random.choice([0, 3, 16]),
    }


@sheet("13.6", _prices, 30)
def _pays(case: Case) -> Any:
    from tiny_batch_kit.machine.hardware import A100
    from tiny_batch_kit.model.shapes import LLAMA_3_8B

    control, batch, context = load("guess_control"), case["batch"], case["context"]
    price = control.verify_seconds(LLAMA_3_8B, A100, batch, context, case["guesses"])
    options = {"most": case["most"], "draft_seconds": case["draft"]}
    best = control.best_guesses(LLAMA_3_8B, A100, batch, context, case["share"], **options)
    return [control.expected_tokens(case["share"], case["guesses"]), price, best]
