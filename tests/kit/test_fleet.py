"""The simulated fleet: it serves what one scheduler would, loses nothing, and says the same in any order."""

import pickle
from dataclasses import replace

import pytest

from tiny_batch_kit.serving.workloads import Job, chat_mix
from tiny_batch_kit.shows.experiments import day_16
from tiny_batch_kit.simulator import cost, sweep
from tiny_batch_kit.simulator.fleet import Fleet
from tiny_batch_kit.simulator.replica import Coming, Outage, Replica
from tiny_batch_kit.simulator.simulate import simulate
from tiny_batch_kit.simulator.sweep import Documents, Setting
from tiny_batch_ref.affinity import PrefixAffinity
from tiny_batch_ref.balancing import RoundRobin
from tiny_batch_ref.caching import CachingScheduler
from tiny_batch_ref.prefix_cache import PrefixCache
from tiny_batch_ref.router import Router

pytestmark = pytest.mark.usefixtures("reference")
SMALL = Setting(replicas=4, requests=200, rate=1.5, workload=Documents(documents=64), store=16)
PRICES = cost.load(cost.BOOKS)


def make() -> CachingScheduler:
    return CachingScheduler(PrefixCache(64, 16), max_running=16, max_batched_tokens=128, max_seq_len=2048)


def test_one_replica_is_a_scheduler():
    jobs = chat_mix(80, rate=1.0)
    fleet = Fleet([Replica("a", make, PRICES, 1.0, 1.0)], lambda number, first: Router(RoundRobin(), first))
    found, alone = fleet.serve(map(Coming, jobs)), simulate(jobs, make(), PRICES)
    assert found.ttft == pytest.approx(alone.ttft)
    assert found.latency == pytest.approx(alone.latency)
    assert (found.steps, found.rows, found.computed) == (alone.steps, alone.rows, [alone.computed])
    assert found.seconds == pytest.approx(alone.seconds)


def test_a_machine_of_twice_the_speed():
    def seconds(speed: float, limp: float) -> float:
        fleet = Fleet([Replica("a", make, PRICES, speed, limp)], lambda number, first: Router(RoundRobin(), first))
        return fleet.serve([Coming(Job("x", 0.0, 300, 20))]).seconds

    assert seconds(2.0, 1.0) == pytest.approx(seconds(1.0, 1.0) / 2)
    assert seconds(2.0, 3.0) == pytest.approx(seconds(1.0, 1.0) * 1.5)


@pytest.mark.parametrize("policy", sweep.POLICIES)
def test_everybody_comes_to_an_end(policy: str):
    row = sweep.run(replace(SMALL, policy=policy))
    assert (row.ended, row.errors, row.retries) == (200, 0, 0)
    assert 0 < row.hit_rate < 1
    assert row.latency[0] >= row.ttft[0] > 0


def test_what_replicas_say_of_themselves_is_so():
    def check(number: int, first: list) -> Router:
        router = Router(PrefixAffinity(), first)
        heard = router.heard

        def checked(report) -> None:
            replica = int(report.replica[1:])
            here = fleet.replicas[replica].here
            left = sum(
                len(request.prompt) + request.output_tokens - request.num_computed_tokens
                for request, _, _ in here.values()
            )
            running = len(fleet.replicas[replica].plan.work) if fleet.replicas[replica].plan else 0
            assert report.requests == len(here) >= running
            # A step's hits count as computed from its plan on, and its reports follow when it has ended.
            assert left <= report.tokens
            heard(report)

        router.heard = checked
        return router

    replicas = [Replica(f"r{n}", make, PRICES, 1.0, 1.0) for n in range(3)]
    fleet = Fleet(replicas, check, every=0.3)
    fleet.serve(sweep.documents(replace(SMALL, block=16), 3.0))
    assert [replica.tokens for replica in replicas] == [0, 0, 0]


def test_runs_are_functions_of_their_settings():
    settings = sweep.grid(replace(SMALL, requests=60), policy=("round robin", "two choices", "affinity"), seed=(0, 1))
    there = pickle.loads(pickle.dumps(settings))
    rows = sweep.sweep(settings)
    backwards = sweep.sweep(there, over=lambda run, each: [run(one) for one in reversed(each)][::-1])
    assert rows == backwards
    assert len({row.latency for row in rows}) == len(rows)
    assert [row.setting for row in rows] == settings


def test_the_dead_lose_nothing_but_what_was_shown():
    outages = (Outage(0, 5.0, 25.0), Outage(2, 12.0))
    dying = replace(SMALL, policy="two choices", outages=outages)
    well, none = sweep.run(dying), sweep.run(replace(dying, ejects=False, retries=False))
    assert well.ended + well.errors == none.ended + none.errors == 200
    assert none.retries == 0
    assert well.retries > 0
    assert well.errors < none.errors


def test_affinity_finds_more_and_a_bound_keeps_it_level():
    warm = replace(SMALL, replicas=12, requests=1800, workload=Documents(documents=240), store=24, factor=1.1, rate=2.0)
    turn, free, bound = (
        sweep.run(replace(warm, policy=policy)) for policy in ("round robin", "affinity, unbounded", "affinity")
    )
    assert bound.hit_rate > 1.5 * turn.hit_rate
    assert free.hit_rate > bound.hit_rate
    assert bound.load_ratio < free.load_ratio


def test_two_choices_are_nearly_as_good_as_perfect_knowledge():
    chat = replace(day_16.SPREAD, replicas=24, requests=700)
    perfect, two = (sweep.run(replace(chat, policy=policy)) for policy in ("least, live", "two choices"))
    assert two.latency[1] <= 1.2 * perfect.latency[1]


def test_a_router_is_timed():
    assert all(day_16.route_cost(policy, 8, count=50) > 0 for policy in sweep.POLICIES)
