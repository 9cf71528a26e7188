"""What the given code around Day 12's kernels refuses, and what it asks MLX for."""

from typing import Any

import mlx.core as mx
import numpy as np
import pytest

from tiny_batch_kit.machine import kernels
from tiny_batch_ref import paged_kernel
from tiny_batch_ref.paged_kernel import check, launch, paged_decode, paged_decode_on_shim


def arrays(
    *,
    rows: int = 2,
    heads: int = 4,
    kv_heads: int = 2,
    width: int = 64,
    size: int = 16,
    pages: int = 3,
    lengths: tuple[int, ...] = (16, 17),
    dtype: mx.Dtype = mx.float32,
) -> dict[str, mx.array]:
    return {
        "q": mx.ones((rows, heads, width), dtype=dtype),
        "keys": mx.ones((6, kv_heads, size, width), dtype=dtype),
        "values": mx.ones((6, kv_heads, size, width), dtype=dtype),
        "tables": mx.array([[0, 1, 2][:pages]] * rows, dtype=mx.int32),
        "lengths": mx.array(lengths, dtype=mx.int32),
    }


@pytest.mark.parametrize("dtype", paged_kernel.DTYPES)
def test_what_is_right_passes(dtype: mx.Dtype):
    check(*arrays(dtype=dtype).values())
    check(*arrays(lengths=(1, 48)).values())


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (arrays(width=80), "80 wide.*multiple of 32"),
        (arrays(width=288), "288 wide.*to 256"),
        (arrays(dtype=mx.complex64), "complex64.*float32, float16 or bfloat16"),
        (arrays() | {"keys": mx.ones((6, 2, 16, 64), dtype=mx.float16)}, "make all three"),
        (arrays() | {"tables": mx.zeros((2, 3), dtype=mx.int64)}, "make both int32"),
        (arrays(kv_heads=3), "4 query heads can't share 3 KV heads"),
        (arrays() | {"values": mx.ones((6, 2, 8, 64))}, "must have one shape"),
        (arrays() | {"q": mx.ones((2, 4, 32))}, "the width of q's heads"),
        (arrays() | {"lengths": mx.array([1], dtype=mx.int32)}, "a row for each request"),
        (arrays() | {"q": mx.ones((2, 4, 1, 64))}, r"expected q \(B, Hq, Dh\)"),
        (arrays(rows=0, lengths=()) | {"tables": mx.zeros((0, 3), dtype=mx.int32)}, "empty batch"),
        (arrays(lengths=(16, 0)), "row 1 sees 0 positions"),
        (arrays(lengths=(49, 1)), "row 0 sees 49 positions.*3 pages of 16: give it 4"),
    ],
)
def test_what_is_wrong_is_refused(given: dict[str, mx.array], words: str):
    for call in (paged_decode, lambda *each: paged_decode_on_shim("metal", *each)):
        with pytest.raises(ValueError, match=words):
            call(*given.values())


def test_on_a_cpu_it_names_the_shim():
    with pytest.raises(ValueError, match="paged_decode_on_shim"):
        paged_decode(*arrays().values())


@pytest.mark.parametrize("simdgroups", [1, 2, 8, 32])
@pytest.mark.parametrize("language", ["metal", "cuda"])
def test_any_number_of_simdgroups(language: str, simdgroups: int):
    if kernels.missing_compiler():
        pytest.skip(kernels.missing_compiler())
    given = arrays()
    given["values"] = mx.arange(6)[:, None, None, None] * given["values"]
    got = np.array(paged_decode_on_shim(language, *given.values(), simdgroups=simdgroups))
    assert np.allclose(got[0], 0)
    assert np.allclose(got[1], 1 / 17, atol=1e-6)


def test_a_threadgroup_for_each_head_and_row():
    seen: dict[str, Any] = {}

    def kernel(**options: Any) -> list[mx.array]:
        seen.update(options)
        return [options["inputs"][0]]

    launch(kernel, *arrays(dtype=mx.float16).values())
    assert (seen["grid"], seen["threadgroup"]) == ((4 * 256, 2, 1), (256, 1, 1))
    assert seen["template"] == [("T", mx.float16), ("Dh", 64), ("SIMDGROUPS", 8)]
    assert (seen["output_shapes"], seen["output_dtypes"]) == ([(2, 4, 64)], [mx.float16])
