"""What Day 13 is given for guesses that are drawn at random: probabilities, draws, and a draft that remembers."""

from collections import Counter

import mlx.core as mx
import numpy as np
import pytest

from tiny_batch_kit.model.tiny import tiny_random
from tiny_batch_ref.draft import DrawingRunner
from tiny_batch_ref.plan import Work
from tiny_batch_ref.rejection import certain, draw, probabilities, three_draws
from tiny_batch_ref.sampling import SamplingParams, sample_batch, uniform_draws

LOGITS = mx.array(np.random.default_rng(4).standard_normal(9).astype(np.float32) * 1.5)
TIED = mx.array([1.0, 0.0, 2.0, 1.0, 1.0, 0.0])
WAYS = [
    SamplingParams(),
    SamplingParams(0.00005),
    SamplingParams(1.0),
    SamplingParams(0.5, seed=3),
    SamplingParams(2.0, top_k=1),
    SamplingParams(1.0, top_k=2),
    SamplingParams(1.0, top_k=99),
    SamplingParams(1.0, top_p=0.6),
    SamplingParams(2.0, top_p=0.6),
    SamplingParams(1.0, top_k=4, top_p=0.7),
    SamplingParams(1.0, top_p=0.01),
]


@pytest.mark.parametrize("params", WAYS, ids=str)
@pytest.mark.parametrize("logits", [LOGITS, TIED], ids=["random", "tied"])
def test_probabilities_are_what_sample_batch_draws_from(logits: mx.array, params: SamplingParams) -> None:
    expected, count = probabilities(logits[None], [params])[0], 3000
    rows = mx.broadcast_to(logits[None], (count, logits.shape[0]))
    drawn = Counter(sample_batch(rows, [params] * count, list(range(count))).tolist())
    assert abs(expected.sum() - 1) < 1e-12
    assert set(drawn) <= {token for token, share in enumerate(expected) if share > 0}
    for token, share in enumerate(expected):
        assert abs(drawn[token] / count - share) <= 5 * np.sqrt(share * (1 - share) / count) + 1e-12


@pytest.mark.parametrize("params", WAYS, ids=str)
def test_the_same_number_draws_the_same_token(params: SamplingParams) -> None:
    """`draw` of the probabilities is `sample_batch`, but for numbers within a rounding of a border."""
    shares, count = probabilities(LOGITS[None], [params])[0], 400
    rows = mx.broadcast_to(LOGITS[None], (count, 9))
    numbers = uniform_draws([params] * count, list(range(count))).tolist()
    tokens = sample_batch(rows, [params] * count, list(range(count))).tolist()
    borders = np.cumsum(shares)
    for number, token in zip(numbers, tokens, strict=True):
        if np.abs(borders - number).min() > 1e-5:
            assert draw(shares, number) == token


def test_each_row_has_its_own_way() -> None:
    together = probabilities(mx.broadcast_to(LOGITS[None], (len(WAYS), 9)), WAYS)
    for row, params in zip(together, WAYS, strict=True):
        assert row.tolist() == probabilities(LOGITS[None], [params])[0].tolist()


def test_a_token_without_probability_is_never_drawn() -> None:
    shares = np.array([0.0, 0.25, 0.0, 0.75, 0.0])
    found = [draw(shares, u) for u in (0.0, 0.2499, 0.25, 0.9, 1 - 2**-53)]
    assert found == [1, 1, 3, 3, 3]
    assert draw(certain(2, 4), 0.0) == draw(certain(2, 4), 1 - 2**-53) == 2


def test_three_draws_depend_on_seed_and_position_only() -> None:
    places = [(seed, position) for seed in (0, 1, 2**64 - 1) for position in range(300)]
    found = {place: three_draws(*place) for place in places}
    assert all(three_draws(*place) == found[place] for place in reversed(places))
    numbers = np.array(list(found.values()))
    assert len(set(numbers.ravel().tolist())) == numbers.size
    assert ((numbers >= 0) & (numbers < 1)).all()
    assert abs(np.corrcoef(numbers.T) - np.eye(3)).max() < 0.12
    own = [float(uniform_draws([SamplingParams(1.0, seed=1)], [position]).item()) for position in range(300)]
    assert abs(np.corrcoef(own, numbers[300:600].T)[0, 1:]).max() < 0.2  # nor on what Day 4 draws there


def test_a_draft_remembers_from_what_it_drew() -> None:
    runner = DrawingRunner(tiny_random(seed=5), max_running=2, max_seq_len=16)
    hot = SamplingParams(1.0, seed=7)
    rows = mx.stack([LOGITS, -LOGITS, 2 * LOGITS])
    guesses = []
    for place in range(3):
        work = Work("a", 1, 4 + place, [3], 1, hot)
        guesses += runner.choose(rows[place : place + 1], [work])["a"]
    expected = probabilities(rows, [hot] * 3)
    assert guesses == [draw(row, three_draws(7, 5 + place)[0]) for place, row in enumerate(expected)]
    said = runner.said(Work("a", 0, 4, [3, *guesses], 4, hot))
    assert said is not None
    assert said.tolist() == expected.tolist()
    assert runner.said(Work("a", 0, 7, [3], 1, hot)) is None


def test_a_draft_forgets_what_was_cut_and_who_has_gone() -> None:
    runner = DrawingRunner(tiny_random(seed=5), max_running=2, max_seq_len=16)
    hot, row = SamplingParams(1.0, seed=7), LOGITS[None]

    def guess(name: str, slot: int, start: int) -> int:
        return runner.choose(row, [Work(name, slot, start, [3], 1, hot)])[name][0]

    guess("b", 0, 4)
    guess("a", 1, 4)
    runner.said(Work("a", 0, 4, [3], 1, hot))  # its guess was cut
    # a is sent back, and comes again where b was; then c comes where a was.
    token = guess("a", 0, 4)
    guess("c", 1, 4)
    said = runner.said(Work("a", 0, 4, [3, token], 2, hot))
    assert said is not None
    assert said.shape == (1, 9)
    guess("c", 1, 5)
    runner.said(Work("c", 1, 4, [3, 1], 2, hot))
    assert not any(runner._drawn_from.values())  # nothing is kept of guesses that were told of, or cut
