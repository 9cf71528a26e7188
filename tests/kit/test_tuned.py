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
    monkeypatch.setattr(module, "_blocks_win", lambda weight: True)


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


@pytest.mark.parametrize("tokens", [1, 5, 48, 49, 130])
def test_blocks(tokens):
    rng = np.random.default_rng(2)
    linear = Linear(Weight(mx.array(rng.standard_normal((96, 64)).astype(np.float32))), mx.arange(96.0))
    x = mx.array(rng.standard_normal((tokens, 64)).astype(np.float32))
    blocked = module._blocked(linear)
    assert isinstance(blocked.weight, module.BlockedWeight)
    assert blocked.weight.shape == (96, 64)
    assert np.abs(np.array(blocked(x) - linear(x))).max() < 1e-4
    assert np.abs(np.array(blocked(x[None, :, None]) - linear(x)[None, :, None])).max() < 1e-4
    rows = mx.array([[0, 95], [33, 31]])
    assert mx.array_equal(Table(blocked.weight).rows(rows), Table(linear.weight).rows(rows))


def test_many_rows_of_a_wide_matrix_go_a_few_at_a_time():
    linear = Linear(Weight(mx.random.normal((32, 2000))))
    x = mx.random.normal((40, 2000))
    assert np.abs(np.array(module._blocked(linear)(x) - linear(x))).max() < 1e-2


def test_what_does_not_fit_in_blocks_stays():
    linear = Linear(Weight(mx.random.normal((33, 64))))
    assert module._blocked(linear) is linear


@pytest.mark.parametrize("tied", [False, True])
def test_a_whole_model(worthwhile, tied):
    model = tiny_random(seed=3, tied=tied, vocab_size=256)
    arranged = module.tuned(model)
    assert any(isinstance(layer.gate_up.weight, module.BlockedWeight) for layer in arranged.layers)
    before, after = (serve_alone(each, [5, 6, 7, 8], 8) for each in (model, arranged))
    assert np.abs(np.array(before.logits - after.logits)).max() < 1e-2
    assert before.tokens == after.tokens
