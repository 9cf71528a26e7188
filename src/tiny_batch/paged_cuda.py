"""Day 12: paged decode attention as a CUDA kernel, the body that `mx.fast.cuda_kernel` gets."""

from __future__ import annotations


def cuda_body() -> str:
    """The body of the kernel, in CUDA: the same promise as that of Task 12.5, see metal_body.

    The arrays, their shapes, T, Dh and SIMDGROUPS have the same names. These names differ:
    - blockIdx.x is the query head, blockIdx.y the row; threadIdx.x counts the 32 * SIMDGROUPS threads of a block. 32
      threads that follow each other are a warp: threadIdx.x / 32 is its number, threadIdx.x % 32 the place in it;
    - __shfl_xor_sync(0xffffffff, x, n): the x of the thread whose place differs from one's own in the bits of n. Five
      of them, with n = 16, 8, 4, 2 and 1, give every thread of the warp the sum or the maximum. All 32 must call it;
    - __shared__ float name[size]; memory of the whole block, in no order until __syncthreads(), which all must reach;
    - expf, fmaxf, rsqrtf, INFINITY. T is float, __half or __nv_bfloat16: float(x) and T(x) convert.
    """
    raise NotImplementedError("Task 12.6: cuda_body: see book/src/day-12.md")
