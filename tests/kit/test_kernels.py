"""The shim that runs GPU kernels on the CPU: what it computes, and what it refuses, in words."""

import re
import sys
from collections.abc import Sequence
from typing import Any

import mlx.core as mx
import numpy as np
import pytest

from tiny_batch_kit.machine import kernels
from tiny_batch_kit.machine.kernels import KernelError, compiler

needs_compiler = pytest.mark.skipif(bool(kernels.missing_compiler()), reason=kernels.missing_compiler() or "-")
MAKE = {"metal": kernels.metal_kernel, "cuda": kernels.cuda_kernel}
LANGUAGES = list(MAKE)


def run(language: str, body: str, data: Any, *, threads: int = 64, groups: int = 1, **options: Any) -> np.ndarray:
    """What a body writes to `out`, one number a thread, of `inp`."""
    array = data if isinstance(data, mx.array) else mx.array(data)
    (out,) = MAKE[language]("k", ["inp"], ["out"], body)(
        inputs=[array],
        template=[("T", array.dtype), ("N", threads)],
        grid=(threads * groups, 1, 1),
        threadgroup=(threads, 1, 1),
        output_shapes=[(threads * groups,)],
        output_dtypes=[mx.float32],
        **options,
    )
    return np.array(out)


def refuses(language: str, body: str, *words: str, data: Sequence[float] | None = None, **options: Any) -> None:
    with pytest.raises(KernelError) as caught:
        run(language, body, np.arange(64, dtype=np.float32) if data is None else data, **options)
    for word in words:
        assert re.search(word, str(caught.value)), str(caught.value)


NUMBERS = np.arange(64, dtype=np.float32)
METAL_SUM = """
    threadgroup float parts[N / 32];
    const uint me = thread_position_in_threadgroup.x;
    const float sum = simd_sum(float(inp[me]));
    if (thread_index_in_simdgroup == 0) parts[simdgroup_index_in_threadgroup] = sum;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    out[thread_position_in_grid.x] = parts[0] + parts[1];
"""
CUDA_SUM = """
    __shared__ float parts[N / 32];
    float sum = float(inp[threadIdx.x]);
    for (int n = 16; n > 0; n /= 2) sum += __shfl_xor_sync(0xffffffff, sum, n);
    if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = sum;
    __syncthreads();
    out[blockIdx.x * blockDim.x + threadIdx.x] = parts[0] + parts[1];
"""
SUM = {"metal": METAL_SUM, "cuda": CUDA_SUM}
BARRIER = {"metal": "threadgroup_barrier(mem_flags::mem_threadgroup);", "cuda": "__syncthreads();"}
ME = {"metal": "thread_position_in_grid.x", "cuda": "threadIdx.x"}


@needs_compiler
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("order", kernels.ORDERS)
@pytest.mark.parametrize("poison", ["large", "nan"])
def test_simdgroups_meet_in_threadgroup_memory(language: str, order: str, poison: str):
    assert run(language, SUM[language], NUMBERS, groups=3, order=order, poison=poison).tolist() == [2016.0] * 192


@needs_compiler
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("poison", ["large", "nan"])
def test_a_missing_barrier_shows_every_time(language: str, poison: str):
    body = SUM[language].replace(BARRIER[language], "")
    got = run(language, body, NUMBERS, poison=poison)
    assert not np.any(got[:32] == 2016)  # the second simdgroup has not come yet
    backward = run(language, body, NUMBERS, order="backward", poison=poison)
    assert not np.any(backward[32:] == 2016)


@needs_compiler
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_second_barrier_before_memory_is_used_again(language: str):
    """Who runs ahead overwrites what others have not read: without the second barrier the sums differ."""
    memory = {"metal": "threadgroup", "cuda": "__shared__"}[language]
    wait, me = BARRIER[language], ME[language]
    body = f"""
        {memory} float box[1];
        float sum = 0;
        for (int i = 0; i < 3; ++i) {{
            if ({me} == 0) box[0] = i + 1;
            {wait}
            sum += box[0];
            {wait}
        }}
        out[{me}] = sum;
    """
    assert set(run(language, body, NUMBERS).tolist()) == {6.0}
    once = body[: body.rindex(wait)] + body[body.rindex(wait) + len(wait) :]
    assert set(run(language, once, NUMBERS).tolist()) != {6.0}


@needs_compiler
def test_what_a_simdgroup_exchanges_in_metal():
    lane = np.tile(np.arange(32, dtype=np.float32), 2)
    for call, expected in {
        "simd_max(x)": np.full(64, 31),
        "simd_min(x)": np.zeros(64),
        "simd_shuffle(x, 5)": np.full(64, 5),
        "simd_broadcast_first(x)": np.zeros(64),
        "simd_shuffle_xor(x, 3)": np.tile(np.arange(32) ^ 3, 2),
        "simd_shuffle_down(x, 2)": np.tile([*range(2, 32), 30, 31], 2),
        "simd_shuffle_up(x, 1)": np.tile([0, *range(31)], 2),
        "simd_sum(float2(x, 1)).y": np.full(64, 32),
        "simd_any(x > 30)": np.ones(64),
        "simd_all(x > 30)": np.zeros(64),
    }.items():
        body = f"const uint i = thread_position_in_grid.x; const float x = inp[i]; out[i] = {call};"
        assert run("metal", body, lane).tolist() == expected.tolist(), call


@needs_compiler
def test_what_a_warp_exchanges_in_cuda():
    lane = np.tile(np.arange(32, dtype=np.float32), 2)
    for call, expected in {
        "__shfl_sync(0xffffffff, x, 7)": np.full(64, 7),
        "__shfl_xor_sync(0xffffffff, x, 1)": np.tile(np.arange(32) ^ 1, 2),
        "__shfl_down_sync(0xffffffffu, x, 1)": np.tile([*range(1, 32), 31], 2),
        "__shfl_up_sync(0xffffffffu, x, 1)": np.tile([0, *range(31)], 2),
        "__shfl_down_sync(0xffffffffu, x, 1, 16)": np.tile([*range(1, 16), 15, *range(17, 32), 31], 2),
        "__any_sync(0xffffffff, x > 30)": np.ones(64),
        "__all_sync(0xffffffff, x > 30)": np.zeros(64),
        "cg::tiled_partition<32>(cg::this_thread_block()).shfl_xor(x, 16)": np.tile(np.arange(32) ^ 16, 2),
        "cg::this_grid().thread_rank()": np.arange(64),
    }.items():
        body = f"const int i = threadIdx.x; const float x = inp[i]; out[i] = {call};"
        assert run("cuda", body, lane).tolist() == expected.tolist(), call


@needs_compiler
@pytest.mark.parametrize("dtype", [mx.float16, mx.bfloat16])
def test_numbers_of_16_bits_are_those_of_mlx(dtype: mx.Dtype):
    """Every finite half, and its neighbour in float32, come in and go out as MLX rounds them."""
    rng = np.random.default_rng(1)
    numbers = np.concatenate([rng.normal(size=4000) * 10.0**e for e in range(-9, 5)]).astype(np.float32)
    array = mx.array(numbers[: numbers.size // 64 * 64])
    (out,) = kernels.metal_kernel(
        "round", ["inp"], ["out"], "out[thread_position_in_grid.x] = T(inp[thread_position_in_grid.x]);"
    )(
        inputs=[array],
        template=[("T", dtype)],
        grid=(array.size, 1, 1),
        threadgroup=(64, 1, 1),
        output_shapes=[array.shape],
        output_dtypes=[dtype],
    )
    assert np.array_equal(np.array(out.astype(mx.float32)), np.array(array.astype(dtype).astype(mx.float32)))


@needs_compiler
def test_every_half_becomes_its_float():
    halves = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    body = "for (int i = thread_position_in_grid.x; i < 65536; i += N) out[i] = float(inp[i]);"
    (out,) = kernels.metal_kernel("widen", ["inp"], ["out"], body)(
        inputs=[halves],
        template=[("N", 64)],
        grid=(64, 1, 1),
        threadgroup=(64, 1, 1),
        output_shapes=[halves.shape],
        output_dtypes=[mx.float32],
    )
    assert np.array_equal(np.array(out), halves.astype(np.float32), equal_nan=True)


@needs_compiler
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_barrier_that_not_all_reach_is_said_and_no_hang(language: str):
    name = {"metal": "threadgroup_barrier", "cuda": "__syncthreads"}[language]
    early = SUM[language].replace(BARRIER[language], f"if ({ME[language]} < 32) {BARRIER[language]}")
    refuses(language, early, f"{name} must be reached by all threads", "thread 0 waits", "thread 32 has ended")
    two = SUM[language].replace(
        BARRIER[language], f"if ({ME[language]} < 32) {BARRIER[language]} \n else {BARRIER[language]}"
    )
    refuses(language, two, "at the same line", r"line 6\)", r"line 7\)")


@needs_compiler
def test_not_all_of_a_simdgroup():
    refuses(
        "metal", METAL_SUM.replace("= simd_sum", "= inp[me] > 40 ? 0 : simd_sum"), "simd_sum must be reached", "line 4"
    )
    body = CUDA_SUM.replace("for (", "if (threadIdx.x < 40) for (")
    refuses("cuda", body, "__shfl_xor_sync must be reached by all threads of the simdgroup", "thread 40")
    refuses("cuda", CUDA_SUM.replace("0xffffffff", "0xffff"), "mask 0xffffffff")


@needs_compiler
@pytest.mark.parametrize("language", LANGUAGES)
def test_outside_of_an_array_is_said_and_no_crash(language: str):
    me = ME[language]
    for index, words in {
        f"int({me}) + 1": "outside of `inp`, 1 bytes behind its last",
        f"int({me}) - 2000": "outside of `inp`, .* before its first",
        f"int({me}) + 1000000000": "far outside of every array",
    }.items():
        refuses(language, f"out[{me}] = inp[{index}];", words)
    refuses(language, f"out[{me} + 1] = inp[{me}];", "outside of `out`")


@needs_compiler
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_nobody_wrote_is_no_zero(language: str):
    me = ME[language]
    body = f"float sum; sum += inp[{me}]; if ({me} > 0) out[{me}] = sum;"
    got = run(language, body, NUMBERS)
    assert abs(got[0]) > 1e30
    if compiler.SPOIL_LOCALS in compiler._runtime(kernels.find_compiler())[1]:  # compilers of some years ago can't
        assert not np.array_equal(got[1:], NUMBERS[1:])


@needs_compiler
def test_a_compiler_speaks_of_the_body_only():
    with pytest.raises(KernelError) as caught:
        run("metal", "\n    float x = 1;\n    y = x;\n    out[0] = z;", NUMBERS)
    lines = str(caught.value).splitlines()
    assert lines[0] == "metal_body does not compile:"
    assert lines[1].startswith("line 3: ")
    assert any(line.startswith("line 4: ") for line in lines)
    assert len(lines) <= 10
    assert "shim" not in str(caught.value)
    refuses("cuda", "out[0] = 1; {", "cuda_body does not compile")
    refuses("cuda", "out[0] = -inf;", "write_INFINITY")
    refuses("cuda", "uint n = 0; out[n] = 1;", "cuda_body does not compile")
    refuses("cuda", "out[0] = 1; }}", "cuda_body does not compile")


@needs_compiler
def test_what_metal_refuses_is_refused():
    few = np.arange(4, dtype=np.float32)
    pointer = "const device float* p = inp + 1; out[thread_position_in_grid.x] = p[0];"
    assert run("metal", pointer, NUMBERS)[0] == 1
    refuses("metal", pointer, "4 elements", "`constant` memory", "auto", data=few)
    assert run("metal", pointer.replace("const device float*", "const auto"), few)[0] == 1
    refuses("metal", "threadgroup_barrier(mem_flags::mem_device); out[0] = 1;", "mem_threadgroup")
    refuses("metal", f"threadgroup float x[9000]; x[0] = 1; {BARRIER['metal']} out[0] = x[0];", "32 KiB")


@needs_compiler
def test_pointers_into_threadgroup_memory_are_each_threads_own():
    body = """
        threadgroup float all[64];
        const uint me = thread_position_in_grid.x;
        threadgroup float* mine = all + me;
        *mine = inp[me];
        threadgroup_barrier(mem_flags::mem_threadgroup);
        const threadgroup float* other = (const threadgroup float*)all + (63 - me);
        out[me] = *other;
    """
    assert run("metal", body, NUMBERS).tolist() == NUMBERS[::-1].tolist()


@needs_compiler
def test_an_endless_loop_and_a_crash_leave_the_tests_alive(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tiny_batch_kit.machine.kernels.run.SECONDS", 0.3)
    refuses("metal", "volatile int x = 0; while (x == 0) {} out[0] = 1;", "did not end within 0.3 s")
    refuses("cuda", "volatile int zero = 0; out[0] = 1 / zero; __builtin_trap();", "crashed|far outside")
    refuses("metal", "volatile char big[300000]; big[5] = 1; out[0] = big[5];", "variables of its own")


@needs_compiler
def test_shapes_strides_and_scalars_have_mlx_names():
    body = """
        const int row = thread_position_in_grid.x / inp_shape[1];
        out[thread_position_in_grid.x] = inp[row * inp_strides[0]] + 100 * inp_ndim + 1000 * by;
    """
    (out,) = kernels.metal_kernel("k", ["inp", "by"], ["out"], body)(
        inputs=[np.arange(12, dtype=np.float32).reshape(3, 4), mx.array(2.0)],
        grid=(12, 1, 1),
        threadgroup=(4, 1, 1),
        output_shapes=[(3, 4)],
        output_dtypes=[mx.float32],
    )
    assert np.array(out).tolist() == [[2200.0] * 4, [2204.0] * 4, [2208.0] * 4]


@needs_compiler
def test_wrong_calls():
    refuses("metal", METAL_SUM, "complex64 is not known", data=mx.zeros((4,), mx.complex64))
    with pytest.raises(KernelError, match="no whole number"):
        kernels.metal_kernel("k", ["inp"], ["out"], "")(
            inputs=[NUMBERS],
            grid=(65, 1, 1),
            threadgroup=(64, 1, 1),
            output_shapes=[(1,)],
            output_dtypes=[mx.float32],
        )
    with pytest.raises(KernelError, match="no size"):
        kernels.cuda_kernel("k", ["inp"], ["out"], "extern __shared__ float x[];")


def test_without_a_compiler_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Any):
    compiler._find.cache_clear()
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    try:
        assert kernels.find_compiler() is None
        for platform, words in {"darwin": "xcode-select --install", "linux": "apt install g++"}.items():
            monkeypatch.setattr(sys, "platform", platform)
            assert words in kernels.missing_compiler()
        with pytest.raises(KernelError, match="C"):
            run("metal", METAL_SUM, NUMBERS)
        monkeypatch.setenv("CXX", "no-such-compiler")
        assert "no-such-compiler" in kernels.missing_compiler()
    finally:
        compiler._find.cache_clear()
