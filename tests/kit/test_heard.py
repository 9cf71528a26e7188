"""Simulated requests that somebody listens to: the same as without, and as an engine would have said it."""

import pytest

from tiny_batch_kit.machine.clocks import VirtualClock
from tiny_batch_kit.serving.workloads import chat_stream
from tiny_batch_kit.shows import composition
from tiny_batch_kit.simulator.cost import CostModel
from tiny_batch_kit.simulator.heard import simulate_heard
from tiny_batch_kit.simulator.simulate import simulate
from tiny_batch_kit.simulator.validate import SimulatedRunner
from tiny_batch_ref.engine import Engine
from tiny_batch_ref.metrics import BatchingMetrics
from tiny_batch_ref.plan import Scheduler
from tiny_batch_ref.policies import PreemptiveScheduler
from tiny_batch_ref.request import Request
from tiny_batch_ref.totals import HISTOGRAMS

pytestmark = pytest.mark.usefixtures("reference")
PRICES = CostModel((1, 16, 64), (0.04, 0.06, 0.20), row_key=1e-5, score=1e-6, segment=1e-3, logits=5e-4)
LIMITS = {"max_running": 4, "max_batched_tokens": 32, "max_seq_len": 2048}


def heard(scheduler, count=60, rate=2.0, limit=0):
    clock = VirtualClock()
    metrics = BatchingMetrics(scheduler, clock=clock)
    simulate_heard(chat_stream(count, rate=rate), scheduler, PRICES, metrics, clock, limit=limit)
    return metrics.read()


def test_listening_does_not_change_what_is_simulated():
    totals = heard(PreemptiveScheduler(**LIMITS, max_memory_tokens=1400), limit=200)
    found = simulate(
        chat_stream(60, rate=2.0), PreemptiveScheduler(**LIMITS, max_memory_tokens=1400), PRICES, limit=200
    )
    assert totals.steps == found.steps
    assert totals.computed == found.computed
    assert totals.tokens == found.tokens
    assert totals.preemptions == found.preemptions
    assert totals.seconds == pytest.approx(found.seconds)
    assert totals.ttft.total == pytest.approx(sum(found.ttft))
    assert totals.latency.total == pytest.approx(sum(found.latency))
    assert totals.little().off < 1e-9


def test_an_engine_would_have_said_the_same():
    totals = heard(Scheduler(**LIMITS), count=25)
    clock, scheduler = VirtualClock(), Scheduler(**LIMITS)
    metrics = BatchingMetrics(scheduler, clock=clock)
    engine = Engine(scheduler, SimulatedRunner(PRICES, clock), clock=clock, on_step=metrics.on_step)
    jobs = list(chat_stream(25, rate=2.0))
    while jobs or engine.has_work:
        if not engine.has_work:
            clock.advance_to(max(clock.now(), jobs[0].arrival))
        while jobs and jobs[0].arrival <= clock.now():
            job = jobs.pop(0)
            request = Request(job.id, job.prompt, job.output_tokens, clock=clock)
            request.arrived = job.arrival
            engine.add_request(request)
            metrics.on_arrival(request)
        metrics.on_events(engine.step())
    other = metrics.read()
    names = ("steps", "rows", "computed", "read", "tokens", "arrived", "preemptions", "found", "again", "slots")
    assert {name: getattr(totals, name) for name in names} == {name: getattr(other, name) for name in names}
    assert totals.present == pytest.approx(other.present)
    for name in HISTOGRAMS:
        one, two = getattr(totals, name), getattr(other, name)
        assert len(one) == len(two)
        assert one.total == pytest.approx(two.total)


def test_a_picture_of_batches_has_their_mean():
    parts = [(8, 1, 0, 0), (0, 3, 1, 2), (4, 0, 0, 0), (0, 0, 0, 0)]
    assert composition.columns(parts, most=2).tolist() == [[4, 2], [2, 0], [0.5, 0], [1, 0]]
    assert composition.columns(parts).shape == (4, 4)
    assert composition.columns([]).shape == (4, 0)
