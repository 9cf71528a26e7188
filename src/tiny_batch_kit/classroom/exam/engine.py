"""The exam of Days 9 and 10: schedulers and engines, driven by a runner without a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from tiny_batch_kit.classroom.exam.sheets import Case, sheet
from tiny_batch_kit.course.implementations import load


def traffic(random: Random) -> Case:
    """Requests that come and are aborted, and the limits that they meet."""
    names = [f"r{number}" for number in range(random.randint(3, 9))]
    random.shuffle(names)
    asks = []
    for name in names:
        prompt = [random.randrange(4) for _ in range(random.randint(1, 24))]
        asks.append([name, prompt, random.randint(1, 9), random.randint(0, 6)])
    aborts = [[random.randint(1, 9), random.choice(names)]]
    slots = random.randint(1, 4)
    return {
        "asks": asks,
        "aborts": aborts,
        "slots": slots,
        "budget": slots + random.randint(0, 12),
        "memory": random.randint(34, 60),
        "breaks": random.randint(4, 20),
    }


class HistoryRunner:
    """Says what follows a history, which it keeps by slot; breaks at one step if asked to."""

    def __init__(self, breaks: int = -1) -> None:
        self.breaks, self.stored, self.plans = breaks, dict[int, list[int]](), list[Any]()

    def run(self, plan: Any) -> Mapping[str, Sequence[int]]:
        """See the Runner of Day 9."""
        self.plans.append(
            [[w.request_id, w.slot, w.start, list(w.tokens), int(w.wanted)] for w in plan.work] + [list(plan.preempted)]
        )
        if len(self.plans) == self.breaks:
            raise RuntimeError("held out")
        said = {}
        for work in plan.work:
            history = [*self.stored.get(work.slot, [])[: work.start], *work.tokens]
            self.stored[work.slot] = history
            if work.wanted:
                said[work.request_id] = [sum((place + 1) * (token + 3) for place, token in enumerate(history)) % 251]
        return said


def serve(case: Case, scheduler: Any, *, breaks: int = -1, aborts: bool = False) -> Any:
    """Serve a case to its end: the events, and the plans."""
    engine_module, request = load("engine"), load("request").Request
    runner = HistoryRunner(breaks)
    engine, events = engine_module.Engine(scheduler, runner), list[Any]()
    for step in range(400):
        for name, prompt, limit, at in case["asks"]:
            if at == step:
                engine.add_request(request(name, prompt, limit))
        for at, name in case["aborts"] if aborts else ():
            if at == step and name in scheduler._known:
                engine.abort(name)
        if step > 6 and not engine.has_work:
            break
        events += [_event(each) for each in engine.step()]
    return [events, runner.plans]


def _event(event: Any) -> Any:
    kind = type(event).__name__
    if kind == "TokenEvent":
        return [kind, event.request_id, event.token]
    return [kind, event.request_id, *([event.reason, event.error] if kind == "FinishedEvent" else [])]


def options(case: Case) -> Any:
    """A scheduler's limits."""
    return {"max_running": case["slots"], "max_batched_tokens": case["budget"], "max_seq_len": 40}


@sheet("9.1", traffic)
def _plans(case: Case) -> Any:
    """The plans alone: the sheet steps the scheduler itself, so that no engine is needed."""
    scheduler, runner, found = (
        load("plan").Scheduler(**options(case), max_memory_tokens=case["memory"] + 40),
        HistoryRunner(),
        [],
    )
    for name, prompt, limit, _ in case["asks"]:
        scheduler.add(load("request").Request(name, prompt, limit))
    for _ in range(300):
        plan = scheduler.plan()
        said = runner.run(plan)
        scheduler.commit(plan)
        for name, tokens in said.items():
            request = scheduler.running[name]
            request.append_token(tokens[0])
            if request.is_finished:
                scheduler.remove(name)
        found.append(sorted(request.state.value for request in scheduler.running.values()))
        if not scheduler.has_work:
            break
    return [runner.plans, found]


@sheet("9.2", traffic)
def _packed(case: Case) -> Any:
    plan, sampling = load("plan"), load("sampling")
    work = [
        plan.Work(name, slot, at, prompt if slot % 2 else prompt[:1], 1, sampling.SamplingParams())
        for slot, (name, prompt, _, at) in enumerate(case["asks"])
    ]
    packed = load("packing").pack(plan.StepPlan(tuple(work)))
    pairs = sorted(zip(packed.tokens.tolist(), packed.positions.tolist(), strict=True))
    return [pairs, len(packed.rows) + len(packed.segments)]


@sheet("9.4", traffic, 10)
def _budget(case: Case) -> Any:
    budget, found = load("token_budget").TokenBudget(0.05, 4, 4 * case["memory"]), list[Any]()
    for _, prompt, limit, at in case["asks"] * 3:
        budget.observe(budget.tokens if at else len(prompt), limit * 0.013)
        found.append(budget.tokens)
    return found


@sheet("9.5", traffic, 8)
def _engine(case: Case) -> Any:
    return serve(case, load("plan").Scheduler(**options(case)), breaks=case["breaks"], aborts=True)


def _ordered(case: Case, queue: Any) -> Any:
    plan, request = load("plan"), load("request").Request
    made = [request(name, prompt, limit) for name, prompt, limit, _ in case["asks"]]
    for number, one in enumerate(made):
        queue.add(one, plan.Arrival(number, 3 * number))
    found, running = list[Any](), list[Any]()
    queue.remove(made[len(made) // 2])
    while len(queue) and len(found) < 30:
        first = queue.first(running, 40)
        queue.remove(first)
        running = [*running, first][-3:]
        found.append(first.id)
    return found


@sheet("10.1", traffic)
def _fifo(case: Case) -> Any:
    return _ordered(case, load("policies").Fifo())


@sheet("10.2", traffic)
def _shortest(case: Case) -> Any:
    return _ordered(case, load("policies").ShortestFirst(case["slots"] * 0.7))


@sheet("10.3", traffic, 10)
def _balanced(case: Case) -> Any:
    return _ordered(case, load("policies").LengthBalanced(4, 2))


@sheet("10.4", traffic, 8)
def _preempted(case: Case) -> Any:
    policies = load("policies")
    return serve(case, policies.PreemptiveScheduler(headroom=1, max_memory_tokens=case["memory"], **options(case)))
