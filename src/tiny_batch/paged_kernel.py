"""Day 12: what stands around the two kernels: their input is checked, they are made once, and called."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any, cast

import mlx.core as mx

from tiny_batch_kit.machine import kernels

from .paged_cuda import cuda_body
from .paged_metal import metal_body

SIMDGROUPS = 8
"""Simdgroups of 32 threads in a threadgroup; warps in a block, as CUDA calls them."""
THREADS = 32 * SIMDGROUPS
INPUTS = ("q", "keys", "values", "tables", "lengths")
OUTPUTS = ("out",)
WIDTHS = tuple(range(32, 257, 32))
DTYPES = (mx.float32, mx.float16, mx.bfloat16)


def paged_decode(q: mx.array, keys: mx.array, values: mx.array, tables: mx.array, lengths: mx.array) -> mx.array:
    """Attention of one query per row to keys and values in pages, on the GPU: (B, Hq, Dh), of q's dtype.

    q: (B, Hq, Dh). keys, values: (num_blocks, Hkv, block_size, Dh), the pages of one layer. tables: (B, W) int32, the
    pages of each row in the order of positions; what stands after a row's last page is not looked at. lengths: (B,)
    int32, how many positions each row sees, at least 1. Metal runs the body of Task 12.5, CUDA that of Task 12.6.
    Raises ValueError if the input is none of these, or MLX computes on a CPU: see `paged_decode_on_shim`.
    """
    check(q, keys, values, tables, lengths)
    if mx.default_device() != mx.Device(mx.gpu):
        raise ValueError(
            "MLX computes on the CPU here, and no GPU's kernel can run: call paged_decode_on_shim, which runs the same "
            "source, slowly, or attend to the pages with MLX's operations"
        )
    if mx.metal.is_available():
        return launch(_kernel("metal", metal_body()), q, keys, values, tables, lengths)
    return launch(_kernel("cuda", cuda_body()), q, keys, values, tables, lengths)


def paged_decode_on_shim(
    language: str, *arrays: mx.array, order: str = "forward", poison: str = "large", simdgroups: int = SIMDGROUPS
) -> mx.array:
    """What `paged_decode` returns for the same arrays, by a body that is compiled as C++ and run on the CPU.

    language: metal or cuda, which body it is. order, poison: how to make it hard, see tiny_batch_kit.machine.kernels.
    Raises ValueError for wrong input, or if the kernel does what it must not do.
    """
    check(*arrays)
    make, body = {"metal": (kernels.metal_kernel, metal_body), "cuda": (kernels.cuda_kernel, cuda_body)}[language]
    kernel = make("paged_decode", INPUTS, OUTPUTS, body())
    return launch(kernel, *arrays, simdgroups=simdgroups, order=order, poison=poison)


def launch(kernel: Callable[..., Any], *arrays: mx.array, simdgroups: int = SIMDGROUPS, **options: Any) -> mx.array:
    """Call a kernel, MLX's or the shim's: a threadgroup for each query head (x) and each row (y)."""
    q = arrays[0]
    rows, heads, width = q.shape
    (out,) = kernel(
        inputs=list(arrays),
        template=[("T", q.dtype), ("Dh", width), ("SIMDGROUPS", simdgroups)],
        grid=(heads * 32 * simdgroups, rows, 1),
        threadgroup=(32 * simdgroups, 1, 1),
        output_shapes=[q.shape],
        output_dtypes=[q.dtype],
        **options,
    )
    return out  # type: ignore[no-any-return]


@lru_cache(maxsize=8)
def _kernel(language: str, source: str) -> Callable[..., Any]:
    """MLX's kernel of a source. The name has to differ with it: what CUDA has compiled is found again by name alone."""
    make = mx.fast.metal_kernel if language == "metal" else mx.fast.cuda_kernel
    name = f"paged_decode_{hashlib.sha256(source.encode()).hexdigest()[:12]}"
    made = make(name=name, input_names=list(INPUTS), output_names=list(OUTPUTS), source=source)
    return cast(Callable[..., Any], made)


def check(*arrays: mx.array) -> None:
    """Raise ValueError, with what to do, unless these are q, keys, values, tables and lengths of one layer's decode.

    The values of `lengths` are read: build them from a list, so that no computation has to be waited for.
    """
    for problem in _problems(*arrays):
        raise ValueError(problem)


def _problems(q: mx.array, keys: mx.array, values: mx.array, tables: mx.array, lengths: mx.array) -> list[str]:
    """The first thing that is wrong with the input, in words."""
    found = _of_shapes(q, keys, values, tables, lengths)
    if found:
        return found
    _, heads, width = q.shape
    if width not in WIDTHS:
        found.append(
            f"heads are {width} wide: the kernel shares them among 32 threads, so take a multiple of 32 to 256"
        )
    if q.dtype not in DTYPES or {keys.dtype, values.dtype} != {q.dtype}:
        found.append(
            f"q is {q.dtype}, keys {keys.dtype}, values {values.dtype}: make all three float32, float16 or bfloat16"
        )
    if (tables.dtype, lengths.dtype) != (mx.int32, mx.int32):
        found.append(f"tables are {tables.dtype}, lengths {lengths.dtype}: make both int32")
    if heads % keys.shape[1]:
        found.append(f"{heads} query heads can't share {keys.shape[1]} KV heads equally: take a multiple of them")
    return found or _of_lengths(tables, lengths, keys.shape[2])


def _of_shapes(q: mx.array, keys: mx.array, values: mx.array, tables: mx.array, lengths: mx.array) -> list[str]:
    shapes = f"q {q.shape}, keys {keys.shape}, values {values.shape}, tables {tables.shape}, lengths {lengths.shape}"
    if [each.ndim for each in (q, keys, values, tables, lengths)] != [3, 4, 4, 2, 1]:
        return [
            f"expected q (B, Hq, Dh), pages (num_blocks, Hkv, block_size, Dh), tables (B, W), lengths (B,): {shapes}"
        ]
    if keys.shape != values.shape or keys.shape[3] != q.shape[2]:
        return [f"keys and values must have one shape, and the width of q's heads: {shapes}"]
    if not len(q) == len(tables) == len(lengths):
        return [f"q, tables and lengths must have a row for each request: {shapes}"]
    if 0 in (*q.shape, *keys.shape):
        return [f"nothing to attend with: leave the call out for an empty batch: {shapes}"]
    return []


def _of_lengths(tables: mx.array, lengths: mx.array, block_size: int) -> list[str]:
    for row, length in enumerate(cast(list[int], lengths.tolist())):
        if length < 1:
            return [f"row {row} sees {length} positions: a query sees at least its own, so write its keys first"]
        if length > tables.shape[1] * block_size:
            pages = -(-length // block_size)
            return [
                f"row {row} sees {length} positions, and its table has {tables.shape[1]} pages of {block_size}: "
                f"give it {pages}"
            ]
    return []
