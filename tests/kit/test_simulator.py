"""The simulator: prices, their fit, and serving without a model."""

import argparse
import io
import json
from collections import namedtuple

import numpy as np
import pytest
from rich.console import Console

from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.commands import calibrate as calibrate_command
from tiny_batch_kit.commands import simulate as simulate_command
from tiny_batch_kit.machine.clocks import VirtualClock
from tiny_batch_kit.model.checkpoints import load_checkpoint
from tiny_batch_kit.serving.workloads import Job, chat_stream
from tiny_batch_kit.simulator import calibrate as calibrating
from tiny_batch_kit.simulator import cost, validate
from tiny_batch_kit.simulator.cost import CostModel, fit
from tiny_batch_kit.simulator.simulate import simulate
from tiny_batch_ref.plan import Scheduler
from tiny_batch_ref.policies import PreemptiveScheduler

pytestmark = pytest.mark.usefixtures("reference")
Work = namedtuple("Work", "slot start tokens wanted")
PRICES = CostModel((1, 16, 64), (0.04, 0.06, 0.20), row_key=1e-5, score=1e-6, segment=1e-3, logits=5e-4)


def test_what_a_step_costs():
    rows = [Work(slot, 9, [1], 1) for slot in range(4)]
    assert PRICES.of(rows) == pytest.approx(0.04 + 3 / 15 * 0.02 + 40e-5 + 4 * 5e-4)
    chunk = [Work(0, 10, [1] * 30, 0)]
    assert PRICES.of(chunk) == pytest.approx(0.06 + 14 / 48 * 0.14 + 30 * 40e-6 + 1e-3)
    assert PRICES.products(128) == pytest.approx(0.20 + 64 / 48 * 0.14)
    with pytest.raises(KitError):
        CostModel((1, 1), (0.1, 0.2), 0, 0, 0, 0)


def test_a_fit_finds_the_prices_again():
    kinds = calibrating.kinds(lambda slot, start, count, wanted=0: Work(slot, start, [0] * count, wanted))
    found = CostModel(**fit(PRICES.sizes, [(work, PRICES.of(work)) for work in kinds]))
    for work in kinds:
        assert found.of(work) == pytest.approx(PRICES.of(work), rel=1e-6)


def test_no_price_is_below_nothing():
    rng = np.random.default_rng(0)
    kinds = calibrating.kinds(lambda slot, start, count, wanted=0: Work(slot, start, [0] * count, wanted))
    found = fit(
        PRICES.sizes,
        [(work, PRICES.products(sum(len(w.tokens) for w in work)) * rng.uniform(0.7, 1.3)) for work in kinds],
    )
    assert min(*found["seconds"], found["row_key"], found["score"], found["segment"], found["logits"]) >= 0


def test_prices_are_kept_with_their_version(tmp_path):
    file = cost.save(PRICES, tmp_path / "prices.json")
    assert cost.load(file) == PRICES
    file.write_text(json.dumps({**json.loads(file.read_text()), "version": 0}))
    with pytest.raises(KitError, match="version 0"):
        cost.load(file)
    file.write_text("{")
    with pytest.raises(KitError, match="no price list"):
        cost.load(file)
    assert cost.load(cost.BOOKS).model == "smollm2-135m"


def test_serving_without_a_model():
    jobs = [Job("a", 0.0, 20, 3), Job("b", 0.5, 4, 2), Job("c", 9.0, 4, 1)]
    flat = CostModel((1, 64), (0.25, 0.25), 0, 0, 0, 0)
    found = simulate(jobs, Scheduler(max_running=2, max_batched_tokens=16, max_seq_len=64), flat)
    # a: two steps to be read, then one a token; b joins its second or third step; c comes when all is over.
    assert found.ttft == [0.5, 0.25, 0.25]
    assert found.latency == [1.0, 0.5, 0.25]
    assert (found.tokens, found.steps, found.seconds, found.preemptions) == (6, 5, 9.25, 0)
    assert found.waited == [0, 0, 0]


def test_callers_allow_more_than_they_get():
    flat = CostModel((1, 64), (0.25, 0.25), 0, 0, 0, 0)
    jobs = [Job("a", 0.0, 4, 3), Job("b", 0.0, 4, 3)]
    both = Scheduler(max_running=2, max_batched_tokens=16, max_seq_len=64, max_memory_tokens=40)
    assert simulate(jobs, both, flat).latency == [0.75, 0.75]
    one = Scheduler(max_running=2, max_batched_tokens=16, max_seq_len=64, max_memory_tokens=40)
    assert simulate(jobs, one, flat, limit=30).latency == [0.75, 1.5]


def test_a_simulation_repeats_and_preempts():
    def run():
        scheduler = PreemptiveScheduler(max_running=8, max_batched_tokens=64, max_seq_len=2048, max_memory_tokens=1100)
        return simulate(chat_stream(300, rate=20.0, block=100), scheduler, PRICES)

    first, second = run(), run()
    assert first == second
    assert len(first.ttft) == 300
    assert first.preemptions > 0


def test_a_stream_of_jobs():
    jobs = list(chat_stream(250, rate=5.0, block=100))
    assert len({job.id for job in jobs}) == 250
    assert [job.arrival for job in jobs] == sorted(job.arrival for job in jobs)


def test_calibrating_and_validating_on_the_tiny_model(monkeypatch):
    monkeypatch.setattr(calibrating, "SIZES", (1, 64, 256))
    checkpoint = load_checkpoint("tiny-random")
    found = calibrating.calibrate(checkpoint, lambda *_: None, rounds=1)
    assert found.model == "tiny-random"
    assert found.products(256) > 0
    compared = validate.validate(checkpoint, found, lambda *_: None)
    assert [each.workload for each in compared] == ["uniform", "chat", "late-long"]
    assert all(each.predicted_speed > 0 and each.measured_ttft > 0 for each in compared)


def test_the_simulated_runner_moves_the_clock():
    clock = VirtualClock()
    Plan = namedtuple("Plan", "work")
    Named = namedtuple("Named", "request_id slot start tokens wanted")
    sampled = validate.SimulatedRunner(PRICES, clock).run(Plan([Named("a", 0, 9, [1], 1), Named("b", 1, 0, [1, 2], 0)]))
    assert sampled == {"a": [0]}
    assert clock.now() > 0.04


def test_the_commands(tmp_path, monkeypatch):
    monkeypatch.setattr("tiny_batch_kit.course.implementations.install", lambda which: None)  # the fixture has chosen
    out = Console(file=io.StringIO(), width=160)
    monkeypatch.setattr("tiny_batch_kit.base.console.console", lambda: out)
    monkeypatch.setattr(cost, "SAVED", tmp_path / "calibration.json")
    monkeypatch.setattr(calibrating, "ROUNDS", 1)
    monkeypatch.setattr(cost.save, "__defaults__", (tmp_path / "calibration.json",))
    parser = argparse.ArgumentParser()
    simulate_command.add_arguments(parser)
    for policy in simulate_command.POLICIES:
        assert simulate_command.run(parser.parse_args(["--ref", "--requests", "50", "100", "--policy", policy])) == 0
    for blocks in ("0", "20"):
        assert simulate_command.run(parser.parse_args(["--ref", "--requests", "60", "--blocks", blocks])) == 0
    with pytest.raises(KitError, match="at least 1 request"):
        simulate_command.run(parser.parse_args(["--requests", "0"]))
    parser = argparse.ArgumentParser()
    calibrate_command.add_arguments(parser)
    assert calibrate_command.run(parser.parse_args(["--ref", "--model", "tiny-random", "--no-check"])) == 0
    assert (tmp_path / "calibration.json").exists()
    assert calibrate_command.run(parser.parse_args(["--ref", "--model", "tiny-random", "--check-only"])) == 0
    assert "uniform" in out.file.getvalue()


class Comeback(ValueError):
    """Stands for a refusal that says when to come back."""

    def __init__(self, retry_after: float) -> None:
        super().__init__("later")
        self.retry_after = retry_after


def refusing(times: int, after: float | None):
    """A check that refuses a request so many times."""
    from tiny_batch_ref.plan import QueueFull

    class Full(Comeback, QueueFull):
        pass

    left: dict[str, int] = {}

    def check(request) -> None:
        if left.setdefault(request.id, times):
            left[request.id] -= 1
            raise Full(after) if after is not None else QueueFull("full")

    return check


FLAT = CostModel((1, 64), (0.25, 0.25), 0, 0, 0, 0)


def two_slots(**options):
    return Scheduler(max_running=2, max_batched_tokens=16, max_seq_len=64, **options)


def test_who_is_refused_comes_back_when_told():
    jobs = [Job("a", 1.0, 4, 2), Job("b", 1.0, 4, 2)]
    found = simulate(jobs, two_slots(), FLAT, check=refusing(2, 3.0), returns=2)
    assert found.refused == 4
    assert found.lost == 0
    assert found.ttft == [0.25, 0.25]  # from the last arrival
    assert found.ended == [7.5, 7.5]  # 1 + 3 + 3, and two steps


def test_who_was_refused_too_often_is_lost():
    jobs = [Job("a", 1.0, 4, 2), Job("b", 2.0, 4, 2)]
    found = simulate(jobs, two_slots(), FLAT, check=refusing(3, 1.0), returns=2)
    assert (found.refused, found.lost, found.ttft) == (6, 2, [])
    found = simulate(jobs, two_slots(), FLAT, check=refusing(1, None), returns=2)
    assert (found.refused, found.lost) == (2, 2)  # it wasn't told when


def test_a_full_queue_refuses_too():
    jobs = [Job(f"r{n}", 0.0, 4, 2) for n in range(5)]
    found = simulate(jobs, two_slots(max_waiting=3), FLAT)
    assert (len(found.ttft), found.refused, found.lost) == (3, 2, 2)


def test_who_comes_back_stands_among_those_who_come():
    jobs = [Job("a", 0.0, 4, 1), Job("b", 1.0, 4, 1), Job("c", 2.0, 4, 1)]
    seen = []
    check = refusing(1, 1.5)

    def watching(request) -> None:
        seen.append((request.id, request.arrived))
        check(request)

    simulate(jobs, two_slots(), FLAT, check=watching, returns=1)
    assert seen == [("a", 0.0), ("b", 1.0), ("a", 1.5), ("c", 2.0), ("b", 2.5), ("c", 3.5)]


def test_whoever_listens_hears_of_each_step_in_time():
    clock, heard = VirtualClock(), []
    jobs = [Job("a", 1.0, 20, 2), Job("b", 1.0, 1, 1)]
    found = simulate(
        jobs,
        two_slots(),
        FLAT,
        clock=clock,
        on_step=lambda rows: heard.append(
            (clock.now(), [(r.request, r.kind.value, r.tokens, r.sampled) for r in rows])
        ),
    )
    assert heard == [
        (1.25, [("a", "prefill", 16, 0)]),
        (1.5, [("a", "prefill", 4, 1), ("b", "decode", 1, 1)]),
        (1.75, [("a", "decode", 1, 1)]),
    ]
    assert found.tpot == [0.0, 0.25]
    assert found.percentile("tpot", 50) == 0.25  # an answer of one token waits for no second one
    assert found.good(0.5, 0.25) == 2
    assert found.good(0.49, 0.25) == 0
    assert found.good(0.5, 0.24) == 1
    assert found.goodput(0.5, 0.25) == 2 / 1.75
