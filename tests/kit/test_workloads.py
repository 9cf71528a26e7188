import itertools
import math

import pytest

from tiny_batch_kit.base.errors import KitError
from tiny_batch_kit.serving import workloads
from tiny_batch_kit.serving.workloads import Job, Lengths

MAKERS = {
    "all_at_once": lambda seed: workloads.all_at_once(20, seed=seed),
    "poisson": lambda seed: workloads.poisson(5.0, 20, seed=seed),
    "bursts": lambda seed: workloads.bursts(4, 5, 2.0, spread=0.5, seed=seed),
    "chat_mix": lambda seed: workloads.chat_mix(20, rate=3.0, seed=seed),
    "long_prompt": lambda seed: workloads.long_prompt(seed=seed),
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())
def test_a_seed_decides_everything(make):
    assert make(3) == make(3)
    assert make(3) != make(4)


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())
def test_jobs_are_sorted_by_arrival_and_have_their_own_ids(make):
    jobs = make(0)
    assert all(a.arrival <= b.arrival for a, b in itertools.pairwise(jobs))
    assert len({job.id for job in jobs}) == len(jobs)
    assert all(isinstance(job.prompt_tokens, int) and isinstance(job.arrival, float) for job in jobs)


def test_poisson_arrives_at_its_rate_and_unevenly():
    jobs = workloads.poisson(10.0, 4000)
    gaps = [b.arrival - a.arrival for a, b in itertools.pairwise(jobs)]
    mean = sum(gaps) / len(gaps)
    spread = math.sqrt(sum((gap - mean) ** 2 for gap in gaps) / len(gaps))
    assert mean == pytest.approx(0.1, rel=0.08)
    assert spread == pytest.approx(mean, rel=0.1)  # an exponential's spread is its mean


def test_bursts_come_together():
    jobs = workloads.bursts(3, 4, 10.0, spread=1.0)
    assert len(jobs) == 12
    assert {int(job.arrival // 10) for job in jobs} == {0, 1, 2}
    assert all(job.arrival % 10 <= 1.0 for job in jobs)
    assert {job.arrival for job in workloads.bursts(2, 3, 5.0)} == {0.0, 5.0}


def test_a_chat_mix_has_exactly_its_share_of_long_prompts():
    jobs = workloads.chat_mix(40)
    assert sum(job.prompt_tokens >= 256 for job in jobs) == 6
    assert all(job.arrival == 0 for job in jobs)
    assert all(job.prompt_tokens <= 64 for job in workloads.chat_mix(40, long_share=0))


def test_the_long_prompt_comes_while_others_decode():
    jobs = workloads.long_prompt(6, prompt_tokens=1024, arrival=2.0, followers=3)
    assert [job.arrival for job in jobs] == [0.0] * 6 + [2.0] * 4
    assert [job.prompt_tokens > 64 for job in jobs] == [False] * 6 + [True] + [False] * 3


def test_both_ends_of_lengths_are_drawn():
    jobs = workloads.all_at_once(300, prompts=Lengths(1, 3), outputs=Lengths.exactly(7))
    assert {job.prompt_tokens for job in jobs} == {1, 2, 3}
    assert {job.output_tokens for job in jobs} == {7}


def test_prompt_ids_are_seeded_and_differ_by_job():
    first, second = workloads.all_at_once(2, prompts=Lengths.exactly(50))
    ids = workloads.prompt_ids(first, 100)
    assert ids == workloads.prompt_ids(first, 100)
    assert ids != workloads.prompt_ids(second, 100)
    assert ids != workloads.prompt_ids(first, 100, seed=1)
    assert len(ids) == 50
    assert all(type(i) is int and 0 <= i < 100 for i in ids)


@pytest.mark.parametrize(
    ("make", "names"),
    [
        (lambda: workloads.all_at_once(0), "count"),
        (lambda: workloads.all_at_once(True), "count"),
        (lambda: workloads.poisson(0.0, 3), "rate"),
        (lambda: workloads.poisson(math.inf, 3), "rate"),
        (lambda: workloads.bursts(2, 0, 1.0), "size"),
        (lambda: workloads.bursts(2, 2, 1.0, spread=-1), "spread"),
        (lambda: workloads.chat_mix(3, long_share=1.5), "long_share"),
        (lambda: workloads.long_prompt(prompt_tokens=0), "prompt_tokens"),
        (lambda: workloads.prompt_ids(Job("r0", 0.0, 1, 1), 0), "vocab_size"),
        (lambda: Lengths(5, 4), "low <= high"),
        (lambda: Job("r0", -1.0, 1, 1), "r0"),
        (lambda: Job("r0", 0.0, 0, 1), "at least 1"),
    ],
)
def test_nonsense_is_refused_by_name(make, names):
    with pytest.raises(KitError, match=names):
        make()
