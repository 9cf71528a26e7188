"""Day 12: paged decode attention as a Metal kernel, the body that `mx.fast.metal_kernel` gets."""

from __future__ import annotations


def metal_body() -> str:
    """The body of the kernel, in Metal: attention of one query per row to keys and values in pages.

    What it computes. For each row b and query head h, over the positions 0 to lengths[b] − 1:
    out[b, h] = Σ softmax(q[b, h] · k · Dh^−0.5) v. Query head h reads KV head h / (Hq / Hkv). Position p stands in page
    tables[b, p / block_size], at its offset p % block_size. Entries of a table after the last page that is needed may
    be anything: never follow them. In the last page, what stands after the last position is not this request's.

    What the body gets, by name. MLX writes the signature around it, and adds what it finds named in the text:
    - q (B, Hq, Dh), keys and values (num_blocks, Hkv, block_size, Dh), out (B, Hq, Dh), pointers to T, row after row;
    - tables (B, W) and lengths (B,), pointers to int32. Each length is at least 1;
    - q_shape, keys_shape, tables_shape, ...: the shapes, so keys_shape[2] is block_size;
    - T: float, half or bfloat; Dh, a multiple of 32, at most 256; SIMDGROUPS, 8. All three are known when it compiles;
    - threadgroup_position_in_grid: .x is the query head, .y the row. A threadgroup has 32 * SIMDGROUPS threads;
    - simdgroup_index_in_threadgroup, thread_index_in_simdgroup (0 to 31), thread_index_in_threadgroup;
    - simd_sum(x), simd_max(x): over the 32 threads of the simdgroup; all must call it together, and all get the result;
    - threadgroup float name[size]; at the top: memory of the whole threadgroup, 32 KiB at most, in no order until
      threadgroup_barrier(mem_flags::mem_threadgroup), which all threads must reach;
    - exp, max, rsqrt, INFINITY.

    How it is done. The simdgroups share the positions among them, and the threads of a simdgroup share Dh: each holds
    Dh / 32 pieces of the query and of the sum. Keep a running maximum, and rescale the sums when it rises (the chapter
    derives it). Compute in float, whatever T is. In the end the simdgroups meet in threadgroup memory, after a
    barrier, and their parts are added, each rescaled to the maximum of all. One may have had no position at all.

    MLX passes arrays of fewer than 8 elements in `constant` memory, so lengths and tables may lie there or in `device`
    memory: index them by their names, or say `auto`. `device` pointers to keys and values are fine.
    """
    raise NotImplementedError("Task 12.5: metal_body: see book/src/day-12.md")
