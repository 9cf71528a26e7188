"""Attention and the padded cache."""

import mlx.core as mx
import pytest

from tiny_batch_kit.model.attention import CACHE_STEP, PaddedCache, attention


def naive(q: mx.array, k: mx.array, v: mx.array, mask: mx.array) -> mx.array:
    """One query head at a time, as the definition has it; mask (B, L, S)."""
    heads, kv_heads, width = q.shape[2], k.shape[1], q.shape[3]
    outs = []
    for head in range(heads):
        shared = head // (heads // kv_heads)
        scores = q[:, :, head] @ k[:, shared].swapaxes(1, 2) / width**0.5
        outs.append(mx.softmax(mx.where(mask, scores, -mx.inf), axis=-1) @ v[:, shared])
    return mx.stack(outs, axis=2)


@pytest.mark.parametrize(("heads", "kv_heads"), [(4, 4), (4, 2), (6, 1), (1, 1)])
@pytest.mark.parametrize("length", [1, 5])
def test_equals_the_definition(heads: int, kv_heads: int, length: int):
    mx.random.seed(0)
    q = mx.random.normal((2, length, heads, 8))
    k, v = mx.random.normal((2, kv_heads, 7, 8)), mx.random.normal((2, kv_heads, 7, 8))
    mask = mx.random.bernoulli(0.5, (2, length, 7)) | (mx.arange(7) == 2)
    out = attention(q, k, v, mask)
    assert out.shape == q.shape
    assert mx.allclose(out, naive(q, k, v, mask), atol=1e-5).item()
    shared = mask[0]
    assert mx.allclose(attention(q, k, v, shared), naive(q, k, v, mx.stack([shared] * 2)), atol=1e-5).item()
    assert mx.allclose(attention(q, k, v), naive(q, k, v, mx.ones_like(mask)), atol=1e-5).item()


def test_what_is_masked_does_not_count_whatever_it_is():
    q, k, v = mx.ones((1, 1, 2, 4)), mx.ones((1, 2, 3, 4)), mx.ones((1, 2, 3, 4))
    poison = mx.array([1.0, 1e30, 1.0])[None, None, :, None]
    mask = mx.array([[[True, False, True]]])
    assert mx.array_equal(attention(q, k * poison, v * poison, mask), attention(q, k, v, mask)).item()


def test_shapes_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match="do not fit"):
        attention(mx.ones((1, 1, 3, 4)), mx.ones((1, 2, 3, 4)), mx.ones((1, 2, 3, 4)))
    with pytest.raises(ValueError, match="expected"):
        attention(mx.ones((1, 1, 2, 4)), mx.ones((1, 2, 3, 4)), mx.ones((1, 2, 3, 4)), mx.ones((1, 4), dtype=mx.bool_))


def test_the_cache_keeps_everything_over_many_steps():
    mx.random.seed(1)
    total = 2 * CACHE_STEP + 3
    q = mx.random.normal((2, total, 2, 4))
    k, v = mx.random.normal((2, total, 1, 4)), mx.random.normal((2, total, 1, 4))
    cache, start = PaddedCache(1), 0
    while start < total:
        stop = start + (5 if start == 0 else 1)
        out = cache.attend(None)(0, q[:, start:stop], k[:, start:stop], v[:, start:stop])
        expected = attention(q[:, start:stop], k[:, :stop].swapaxes(1, 2), v[:, :stop].swapaxes(1, 2))
        assert mx.allclose(out, expected, atol=1e-6).item()
        start = stop
    assert cache.columns == total


def test_a_packed_line_is_refused():
    with pytest.raises(ValueError, match=r"\(B, L\)"):
        PaddedCache(1).attend(None)(0, mx.ones((3, 2, 4)), mx.ones((3, 1, 4)), mx.ones((3, 1, 4)))
