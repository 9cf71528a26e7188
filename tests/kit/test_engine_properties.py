"""The engine under any traffic: every policy, budget, memory; aborts, broken steps and decoders. --soak: 10,000 times.

Two runners: one that keeps books on what is stored where and answers by arithmetic, and the real one on a tiny model.
"""

import random
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tiny_batch_kit.model.oracle import agrees, serve_alone
from tiny_batch_kit.model.tiny import tiny_random
from tiny_batch_ref.engine import Engine, FinishedEvent, PreemptedEvent, TokenEvent
from tiny_batch_ref.plan import Scheduler
from tiny_batch_ref.policies import Fifo, LengthBalanced, PreemptiveScheduler, ShortestFirst
from tiny_batch_ref.request import FinishReason, Request
from tiny_batch_ref.runner import MlxRunner

MODEL = tiny_random(seed=5)
LONGEST = 40
AGEING = 2.0
NO_TEXT = "KeyError: 'no text'"


def says(history):
    return sum((place + 1) * (token + 7) for place, token in enumerate(history)) % 251


def alone(request):
    history, tokens = list(request.prompt), []
    while len(tokens) < request.max_tokens and (token := says(history)) not in request.eos_token_ids:
        tokens.append(token)
        history.append(token)
    return tokens


class Bookkeeper:
    """Knows what each slot stores, and notes work that does not continue it: an error here would just end requests."""

    def __init__(self, broken=()):
        self.broken, self.steps, self.stored, self.faults = set(broken), 0, {}, []

    def run(self, plan):
        self.steps += 1
        for slot, (owner, _) in list(self.stored.items()):
            if owner in plan.preempted:  # it computes all of its tokens again
                del self.stored[slot]
        if self.steps in self.broken:
            raise MemoryError("out of memory")
        sampled = {}
        for work in plan.work:
            owner, history = self.stored.get(work.slot, (None, []))
            history = history if owner == work.request_id else []
            if len(history) != work.start:
                self.faults.append(f"{work.request_id} begins at {work.start}, and {len(history)} are stored")
            history = [*history[: work.start], *work.tokens]
            self.stored[work.slot] = (work.request_id, history)
            if work.wanted:
                sampled[work.request_id] = [says(history)]
        return sampled


@dataclass
class Scenario:
    """One traffic: its engine, what was asked, and what has happened."""

    engine: Engine
    budget: int
    memory: int
    requests: list = field(default_factory=list)
    events: list = field(default_factory=list)
    aborted: set = field(default_factory=set)

    def step(self):
        scheduler = self.engine.scheduler
        plan_of = scheduler.plan
        plans = []
        scheduler.plan = lambda: plans.append(plan_of()) or plans[-1]
        self.events += self.engine.step()
        del scheduler.plan
        (plan,) = plans
        assert plan.num_tokens <= self.budget
        slots = [work.slot for work in plan.work]
        assert len(set(slots)) == len(slots) <= scheduler.max_running
        assert sum(work.start + len(work.tokens) for work in plan.work) <= self.memory
        assert sorted(scheduler.slot_of) == sorted(scheduler.running)

    def finish(self, most_steps):
        for _ in range(most_steps):
            if not self.engine.has_work:
                return
            self.step()
        raise AssertionError(f"not at its end after {most_steps} steps")


def draw_scenario(data, runner=None, longest=LONGEST):
    slots = data.draw(st.sampled_from([6, 1, 2, 3, 4]), label="slots")
    budget = slots + data.draw(st.sampled_from([20, 0, 1, 3, 9]), label="budget above slots")
    crowded = data.draw(st.booleans(), label="crowded")
    if crowded:  # many run, and memory is short: somebody has to go
        slots, budget = 6, 40
    sizes = [longest] if crowded else [longest, longest + 9, 2 * longest, 4 * longest]
    memory = data.draw(st.sampled_from(sizes), label="memory")
    queue = data.draw(
        st.sampled_from([Fifo, lambda: ShortestFirst(AGEING), lambda: LengthBalanced(4, 3)]), label="policy"
    )
    limits = {
        "max_running": slots,
        "max_batched_tokens": budget,
        "max_seq_len": longest,
        "max_memory_tokens": memory,
        "queue": queue(),
    }
    if crowded or data.draw(st.booleans(), label="preemptive"):
        scheduler = PreemptiveScheduler(headroom=data.draw(st.integers(0, 1), label="headroom"), **limits)
    else:
        scheduler = Scheduler(**limits)
    if runner is None:
        runner = Bookkeeper(data.draw(st.sets(st.integers(1, 60), max_size=2), label="broken steps"))
    else:
        runner = runner(slots, longest)
    return Scenario(Engine(scheduler, runner), budget, memory)


def decode_that_breaks(after):
    """A `decode` that raises at its call number `after`, and must not be asked again."""
    asked = iter(range(1, after + 1))

    def decode(tokens):
        if next(asked) == after:
            raise KeyError("no text")
        return "x" * len(tokens)

    return decode if after else None


def traffic(data, scenario, eos=True):
    """Requests come, steps are made, requests are aborted, in any order; then all run out."""
    for index in range(data.draw(st.integers(1, 10), label="requests")):
        size, seed = data.draw(st.integers(1, 25), label="prompt"), data.draw(st.integers(0, 99), label="seed")
        prompt = random.Random(seed).choices(range(251), k=size)
        ends = data.draw(st.sets(st.integers(0, 250), max_size=40), label="eos") if eos else ()
        limit = data.draw(st.integers(1, 14), label="limit")
        decode = decode_that_breaks(data.draw(st.sampled_from([0, 0, 0, 0, 1, 4, 7]), label="decode breaks"))
        scenario.requests.append(Request(f"{index}", prompt, limit, eos_token_ids=ends, decode=decode))
        scenario.engine.add_request(scenario.requests[-1])
        for _ in range(data.draw(st.integers(0, 4), label="steps")):
            scenario.step()
        living = [each.id for each in scenario.requests if not each.is_finished]
        if living and data.draw(st.integers(0, 5), label="abort?") == 0:
            gone = data.draw(st.sampled_from(living), label="who")
            scenario.engine.abort(gone)
            scenario.aborted.add(gone)
    scenario.finish(2000)


def judge(scenario):
    """What must hold of any traffic, whatever the answers are."""
    ends = [event for event in scenario.events if isinstance(event, FinishedEvent)]
    assert sorted(event.request_id for event in ends) == sorted(each.id for each in scenario.requests)
    for request in scenario.requests:
        own = [event for event in scenario.events if event.request_id == request.id]
        assert isinstance(own[-1], FinishedEvent)
        assert [event.token for event in own if isinstance(event, TokenEvent)] == request.tokens
        assert (request.finish_reason is FinishReason.CANCELLED) == (request.id in scenario.aborted)
        if request.finish_reason is FinishReason.ERROR:
            assert request.error in ("MemoryError: out of memory", NO_TEXT)
    assert not getattr(scenario.engine.runner, "faults", None)
    scheduler = scenario.engine.scheduler
    assert (scheduler.running, len(scheduler.waiting), scheduler.slot_of, scheduler.has_work) == ({}, 0, {}, False)
    for request in [Request(f"again {n}", [1], 1) for n in range(scheduler.max_running)]:
        scheduler.add(request)
    assert len(scheduler.plan().work) == scheduler.max_running, "a slot or memory has leaked"


@pytest.fixture(scope="module")
def examples(request):
    return 10_000 if request.config.getoption("--soak") else 200


def relaxed(count):
    return settings(
        max_examples=count,
        deadline=None,
        derandomize=count <= 200,
        phases=[Phase.generate] if count > 200 else list(Phase),
        suppress_health_check=list(HealthCheck),
    )


@pytest.mark.timeout(0)
def test_any_traffic(examples, capsys):
    seen = {"scenarios": 0, "preempted": 0, "broken": 0, "aborted": 0, "requests": 0, "undecodable": 0}

    @relaxed(examples)
    @given(data=st.data())
    def run(data):
        scenario = draw_scenario(data)
        traffic(data, scenario)
        judge(scenario)
        for request in scenario.requests:
            whole = alone(request)
            complete = request.finish_reason in (FinishReason.LENGTH, FinishReason.EOS)
            assert request.tokens == (whole if complete else whole[: len(request.tokens)])
        reasons = [request.finish_reason for request in scenario.requests]
        seen["scenarios"] += 1
        seen["requests"] += len(reasons)
        seen["aborted"] += len(scenario.aborted)
        seen["broken"] += any(request.error == "MemoryError: out of memory" for request in scenario.requests)
        seen["undecodable"] += any(request.error == NO_TEXT for request in scenario.requests)
        seen["preempted"] += any(isinstance(event, PreemptedEvent) for event in scenario.events)

    run()
    assert min(seen.values()) > 0, f"a kind of event never happened: {seen}"
    if examples > 200:
        with capsys.disabled():
            print(f"\nsoak: {seen}")


def test_any_traffic_on_a_real_model():
    @relaxed(25)
    @given(data=st.data())
    def run(data):
        scenario = draw_scenario(data, lambda slots, longest: MlxRunner(MODEL, max_running=slots, max_seq_len=longest))
        traffic(data, scenario, eos=False)
        judge(scenario)
        for request in scenario.requests:
            if request.finish_reason is FinishReason.LENGTH:
                assert agrees(request.tokens, serve_alone(MODEL, request.prompt, request.max_tokens)) is None

    run()


def test_nobody_waits_longer_than_was_stated():
    """The bound of Day 10's chapter: work / ageing steps, and the tokens of those who may go first."""

    @relaxed(200)
    @given(data=st.data())
    def run(data):
        slots = data.draw(st.integers(1, 4), label="slots")
        scheduler = Scheduler(
            max_running=slots, max_batched_tokens=slots + 4, max_seq_len=LONGEST, queue=ShortestFirst(AGEING)
        )
        engine, runner_steps = Engine(scheduler, Bookkeeper()), 0
        came, admitted, work = {}, {}, {}
        for index in range(data.draw(st.integers(2, 14), label="requests")):
            prompt, limit = data.draw(st.integers(1, 20), label="prompt"), data.draw(st.integers(1, 10), label="limit")
            engine.add_request(Request(f"{index}", [5] * prompt, limit))
            came[index], work[index] = runner_steps, prompt + limit
            for _ in range(data.draw(st.integers(0, 6), label="steps")):
                engine.step()
                runner_steps += 1
                admitted |= {int(name): runner_steps for name in scheduler.running if int(name) not in admitted}
        while engine.has_work:
            engine.step()
            runner_steps += 1
            admitted |= {int(name): runner_steps for name in scheduler.running if int(name) not in admitted}
        for index, step in admitted.items():
            deadline = came[index] + work[index] / AGEING
            ahead = sum(work[other] for other in came if other != index and came[other] <= deadline)
            assert step - came[index] <= work[index] / AGEING + ahead + 1

    run()
