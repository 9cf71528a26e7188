"""The exam of Day 13, in an engine: plans with guesses, and a control that measures."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from tiny_batch_kit.classroom.exam.engine import traffic
from tiny_batch_kit.classroom.exam.guesses import Echo
from tiny_batch_kit.classroom.exam.sheets import Case, sheet, told
from tiny_batch_kit.course.implementations import load


class _Proposer:
    """Guesses what comes next, and is wrong at some places; it notes what it is asked."""

    def __init__(self, case: Case, echo: Echo) -> None:
        self.case, self.echo, self.asked = case, echo, list[Any]()

    def propose(self, requests: Sequence[Any], most: Sequence[int]) -> list[list[int]]:
        """See the Proposer of Day 13; now and then it guesses more than it may."""
        self.asked.append([[request.id for request in requests], list(map(int, most))])
        if len(self.asked) == self.case["fails"]:
            raise RuntimeError("held out")
        found = []
        for request, limit in zip(requests, most, strict=True):
            history, guesses = [*request.prompt, *request.tokens], list[int]()
            for place in range(limit + (len(self.asked) % 5 == 0)):
                wrong = (len(history) * 7 + place) % self.case["wrong"] == 0
                guesses.append((self.echo.next_of([*history, *guesses]) + wrong) % self.echo.size)
            found.append(guesses if len(history) % 6 else [])
        return found

    def forget(self, request_id: str) -> None:
        """See the Proposer of Day 13."""
        self.asked.append(["forget", request_id])


class _Control:
    """Allots what the case says, and notes what it hears."""

    def __init__(self, case: Case) -> None:
        self.case, self.heard = case, list[Any]()

    def allot(self, requests: Sequence[Any], spare: int) -> list[int]:
        """See the GuessControl of Day 13."""
        self.heard.append(["allot", [request.id for request in requests], spare])
        return [(self.case["allots"] + len(request.tokens)) % 6 for request in requests]

    def stepped(self, plan: Any) -> None:
        """See the GuessControl of Day 13."""
        self.heard.append(["stepped", len(plan.work), plan.num_tokens])

    def judged(self, request_id: str, guesses: int, right: int) -> None:
        """See the GuessControl of Day 13."""
        self.heard.append(["judged", request_id, guesses, right])

    def forget(self, request_id: str) -> None:
        """See the GuessControl of Day 13."""
        self.heard.append(["forget", request_id])


def _guessing(random: Random) -> Case:
    case = traffic(random)
    for ask in case["asks"]:
        ask[2] = random.randint(1, 16)
    return {
        **case,
        "slots": random.randint(1, 5),
        "allots": random.randrange(6),
        "wrong": random.choice([2, 3, 5, 1000]),
        "fails": random.choice([0, 0, 0, random.randint(2, 9)]),
        "breaks": random.choice([0, 0, random.randint(3, 12)]),
        "pages": random.choice([0, 0, 2, 3, 4]),
    }


@sheet("13.2", _guessing, 20)
def _speculated(case: Case) -> Any:
    echo, control = Echo(), _Control(case)
    proposer, module = _Proposer(case, echo), load("speculative")
    limits = {"max_running": case["slots"], "max_batched_tokens": case["budget"] + 4, "max_seq_len": 40}
    limits |= {"control": control, "headroom": 1}
    if case["pages"]:
        allocator = load("block_allocator").BlockAllocator(-(-case["memory"] // case["pages"]), case["pages"])
        scheduler = module.SpeculativePagedScheduler(proposer, allocator=allocator, **limits)
    else:
        scheduler = module.SpeculativeScheduler(proposer, max_memory_tokens=case["memory"], **limits)
    asks = [[name, prompt, min(limit, 38 - len(prompt)), at] for name, prompt, limit, at in case["asks"]]
    requests = {name: load("request").Request(name, prompt, limit) for name, prompt, limit, _ in asks}
    found = list[Any]()
    for step in range(120):
        for name, _, _, at in asks:
            if at == step:
                scheduler.add(requests[name])
        for at, name in case["aborts"]:
            found.append(told(scheduler.remove, name) == "refused" if at == step else None)
        plan = scheduler.plan()
        if case["breaks"] and step % 5 == 3:
            plan = scheduler.plan()  # one that is never run
        found.append([scheduler.memory_used, sorted(scheduler.slot_of.items())])
        said = echo.run(plan)
        if step + 1 != case["breaks"]:  # else the step broke: it is planned again
            scheduler.commit(plan)
            _handed_out(scheduler, said)
        found.append([[each.id, each.num_computed_tokens, each.state.value] for each in scheduler.running.values()])
        if step > 6 and not scheduler.has_work:
            break
    tokens = [[name, requests[name].tokens] for name in sorted(requests)]
    cut = [[work.request_id, len(work.tokens)] for work in map(module.without_guesses, plan.work)]
    return [tokens, echo.plans, proposer.asked, control.heard, found, cut]


def _handed_out(scheduler: Any, said: Any) -> None:
    for name, tokens in said.items():
        request = scheduler.running[name]
        for token in tokens:
            request.append_token(token)
            if request.is_finished:
                scheduler.remove(name)
                break


def _measuring(random: Random) -> Case:
    sizes = random.sample(range(1, 40), 6)
    steps = [
        [
            random.choice([2, 2, 3, random.randint(1, 5)]),
            random.choice([20, 20, 3, 0]),
            random.choice([0, 1, 1, 2, 3]),
            random.choice([0, 0, 0, 0, 1]),
            random.choice([1.0, 1.0, 1.0, 0.8]),
            random.choice([-1] * 9 + [0, 1]),
        ]
        for _ in range(110)
    ]
    return {
        "seen": [[random.choice(sizes), random.choice([0.0, random.uniform(0.01, 1)])] for _ in range(30)],
        "judged": [[guesses, random.randint(0, guesses)] for guesses in random.choices(range(1, 7), k=12)],
        "steps": steps,
        "price": [0.01, random.choice([0.0002, 0.002, 0.004])],
        "usual": random.choice([0.3, 0.6, 0.9]),
        "most": random.randint(1, 8),
        "luck": [random.choice([0, 1, 2, 9]) for _ in range(5)],
    }


@sheet("13.7", _measuring, 16)
def _measured(case: Case) -> Any:
    from tiny_batch_kit.machine.clocks import VirtualClock

    module, request, clock = load("measured_guesses"), load("request").Request, VirtualClock()
    prices, record, found = module.StepPrices(), module.Record(case["usual"]), list[Any]()
    for tokens, seconds in case["seen"]:
        found.append([prices.of(each) for each in (tokens, 0.5, tokens + 0.25, 7, 60)])
        prices.observe(tokens, seconds)
    for guesses, right in case["judged"]:
        record.judge(guesses, right)
        found.append(record.acceptance)
    control = module.MeasuredGuesses(case["most"], usual=case["usual"], clock=clock)
    requests = [request(f"r{n}", [1, 2], 99) for n in range(5)]
    for rows, spare, cost, reads, share, leaves in case["steps"]:
        spare = 0 if reads else spare  # what is learned of guesses beside prompts stands outside of the task
        asked = requests[:rows][:: -1 if cost == 2 else 1]
        clock.advance(0.5 * (cost == 3))  # between two steps nothing happens
        counts = [int(count) for count in control.allot(asked, spare)]
        made = [int(count * share) for count in counts]
        plan = _plan(made, reads)
        clock.advance(case["price"][0] + case["price"][1] * (plan.num_tokens * (1 + cost) - 5 * reads))
        control.stepped(plan)
        for name, count, luck in zip(asked, made, case["luck"], strict=False):
            if count:
                control.judged(name.id, count, min(count, luck))
        if leaves >= 0:
            control.forget(requests[leaves].id)
        found.append([counts, [control.seconds(rows, guesses) for guesses in (0, 1, 2.5)]])
        found.append([control.plain.of(rows), control.guessing.of(rows + 2)])
    return found


def _plan(made: Sequence[int], reads: int) -> Any:
    """A step in which rows make so many guesses, beside prompts that are read."""
    plan, params = load("plan"), load("sampling").SamplingParams()
    work = [plan.Work(f"r{n}", n, 9, [1] * (1 + count), 1 + count, params) for n, count in enumerate(made)]
    work += [plan.Work(f"p{n}", 9 + n, 0, [1] * 5, int(len(made) % 2), params) for n in range(reads)]
    return plan.StepPlan(tuple(work))
