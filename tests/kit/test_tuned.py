"""A model arranged for this CPU gives the same numbers, up to rounding; with the bundled BLAS it is left alone."""

import mlx.core as mx
import numpy as np
import pytest

from tiny_batch_kit.model import attention as plain
from tiny_batch_kit.model import tuned as module
from tiny_batch_kit.model.layers import Linear, Table, Weight
from tiny_batch_kit.model.oracle import serve_alone
from tiny_batch_kit.model.tiny import tiny_random


@pytest.fixture
def worthwhile(monkeypatch):
    monkeypatch.setattr(module, "is_worthwhile", lambda: True)
    monkeypatch.setattr(module, "faster_rows", lambda weights: frozenset(range(1, 17)))


def test_with_the_bundled_blas_nothing_changes():
    model = tiny_random()
    assert module.tuned(model) is model
    q, k = mx.random.normal((1, 3, 4, 8)), mx.random.normal((1, 2, 5, 8))
    assert mx.array_equal(module.attention(q, k, k), plain.attention(q, k, k))


def test_exp():
    x = np.linspace(-87, 80, 100_001, dtype=np.float32)
    got = np.array(module.exp(mx.array(x))).astype(np.float64)
    assert np.abs(got / np.exp(x.astype(np.float64)) - 1).max() < 1e-5
    ends = np.array(module.exp(mx.array([0.0, -200.0, -1e9, -np.inf, np.inf])))
    assert ends[:4].tolist() == [1, 0, 0, 0]
    assert np.isfinite(ends[4])
    assert np.isnan(np.array(module.exp(mx.array([np.nan]))))[0]


@pytest.mark.parametrize("masked", [None, "rows", "causal"])
def test_attention(worthwhile, masked):
    rng = np.random.default_rng(1)
    q, k, v = (
        mx.array(rng.standard_normal(shape).astype(np.float32)) for shape in ((3, 4, 6, 8), (3, 2, 9, 8), (3, 2, 9, 8))
    )
    mask = None
    if masked == "rows":
        mask = mx.arange(9)[None, None] < mx.array([9, 4, 1])[:, None, None]
        mask = mx.broadcast_to(mask, (3, 4, 9))
    if masked == "causal":
        mask = mx.arange(9)[None] <= mx.arange(5, 9)[:, None]
    assert np.abs(np.array(module.attention(q, k, v, mask) - plain.attention(q, k, v, mask))).max() < 1e-5


def test_silu():
    x = np.linspace(-80, 80, 100_001, dtype=np.float32)
    wide = x.astype(np.float64)
    got, wanted = np.array(module.silu(mx.array(x))).astype(np.float64), wide / (1 + np.exp(-wide))
    assert np.abs(got - wanted).max() < 1e-5
    assert np.array(module.silu(mx.array([0.0, -1e9, 1e9]))).tolist() == pytest.approx([0, 0, 1e9])


def both(rows: int, width: int, few: frozenset[int]) -> tuple[Weight, module.BlockedWeight]:
    weight = Weight(mx.random.normal((rows, width), key=mx.random.key(2)))
    blocked = module.blocked(weight, few)
    assert isinstance(blocked, module.BlockedWeight)
    return weight, blocked


@pytest.mark.parametrize("tokens", [1, 5, 48, 49, 130])
def test_blocks(tokens):
    weight, blocked = both(96, 64, frozenset({tokens}))
    linear, arranged = (Linear(each, mx.arange(96.0)) for each in (weight, blocked))
    x = mx.random.normal((tokens, 64))
    assert blocked.shape == (96, 64)
    assert np.abs(np.array(arranged(x) - linear(x))).max() < 1e-4
    assert np.abs(np.array(arranged(x[None, :, None]) - linear(x)[None, :, None])).max() < 1e-4
    rows = mx.array([[0, 95], [33, 31]])
    assert mx.array_equal(Table(blocked).rows(rows), Table(weight).rows(rows))


def test_many_rows_of_a_wide_matrix_go_a_few_at_a_time():
    weight, blocked = both(32, 2000, frozenset({40}))
    x = mx.random.normal((40, 2000))
    assert np.abs(np.array(blocked.times(x) - weight.times(x))).max() < 1e-2


@pytest.mark.parametrize(("tokens", "by_blocks"), [(3, False), (4, True), (5, True), (6, False)])
def test_only_the_rows_for_which_blocks_are_faster_go_through_them(monkeypatch, tokens, by_blocks):
    _, blocked = both(32, 8, frozenset({4, 5}))
    went = []
    monkeypatch.setattr(module.BlockedWeight, "by_blocks", lambda self, rows: went.append(len(rows)) or rows[:, :1])
    blocked.times(mx.ones((tokens, 8)))
    assert went == ([tokens] if by_blocks else [])


def seconds(blocks: dict[int, float]):
    """A watch: the plain product takes 1 s, the blocks what is given by rows, else 1.

    It knows who works by what is asked of it, and how many rows by their order.
    """
    counts = iter(count for count in module.MEASURED_ROWS for _ in range(2))
    calls = iter(range(100))

    def measure(work) -> float:
        count, plain = next(counts), next(calls) % 2
        return 1.0 if plain else blocks.get(count, 1.0)

    return measure


@pytest.mark.parametrize(
    ("blocks", "few"),
    [
        ({}, set()),
        (dict.fromkeys(module.MEASURED_ROWS, 0.5), set(range(1, 65))),
        ({1: 0.5, 2: 0.5, 4: 0.5, 8: 0.5}, set(range(1, 9))),
        ({8: 0.5}, {8}),
        ({8: 0.5, 16: 0.5, 32: 0.5}, {*range(8, 17), 32}),
        (dict.fromkeys(module.MEASURED_ROWS, 0.96), set()),
    ],
)
def test_the_decision_is_made_by_rows_from_what_was_measured(blocks, few):
    _, weight = both(32, 8, frozenset())
    assert module.faster_rows([weight], seconds(blocks)) == few


def test_what_does_not_fit_in_blocks_stays():
    assert module.blocked(Weight(mx.random.normal((33, 64)))) is None
    assert module.faster_rows([]) == frozenset()


@pytest.mark.parametrize("tied", [False, True])
def test_a_whole_model(worthwhile, tied):
    model = tiny_random(seed=3, tied=tied, vocab_size=256)
    arranged = module.tuned(model)
    assert any(isinstance(layer.gate_up.weight, module.BlockedWeight) for layer in arranged.layers)
    before, after = (serve_alone(each, [5, 6, 7, 8], 8) for each in (model, arranged))
    assert np.abs(np.array(before.logits - after.logits)).max() < 1e-2
    assert before.tokens == after.tokens
