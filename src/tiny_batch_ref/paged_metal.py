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
    # task 12.5 begin
    return """
        threadgroup float maxima[SIMDGROUPS];
        threadgroup float totals[SIMDGROUPS];
        threadgroup float parts[SIMDGROUPS * Dh];

        constexpr int PIECES = Dh / 32;
        const int row = threadgroup_position_in_grid.y;
        const int head = threadgroup_position_in_grid.x;
        const int lane = thread_index_in_simdgroup;
        const int group = simdgroup_index_in_threadgroup;
        const int num_kv_heads = keys_shape[1];
        const int block_size = keys_shape[2];
        const int kv_head = head / (q_shape[1] / num_kv_heads);
        const int mine = (row * q_shape[1] + head) * Dh;

        float query[PIECES];
        float sum[PIECES];
        for (int i = 0; i < PIECES; ++i) {
            query[i] = float(q[mine + 32 * i + lane]) * rsqrt(float(Dh));
            sum[i] = 0.0f;
        }
        float maximum = -INFINITY;
        float total = 0.0f;

        const int length = lengths[row];
        for (int position = group; position < length; position += SIMDGROUPS) {
            const int page = tables[row * tables_shape[1] + position / block_size];
            // 64 bits: a cache may have more than 2^31 numbers.
            const size_t start = (size_t(page) * num_kv_heads + kv_head) * block_size;
            const size_t at = (start + position % block_size) * Dh + lane;
            float score = 0.0f;
            for (int i = 0; i < PIECES; ++i) {
                score += query[i] * float(keys[at + 32 * i]);
            }
            score = simd_sum(score);

            const float higher = max(maximum, score);
            const float rescale = exp(maximum - higher);
            const float weight = exp(score - higher);
            maximum = higher;
            total = total * rescale + weight;
            for (int i = 0; i < PIECES; ++i) {
                sum[i] = sum[i] * rescale + weight * float(values[at + 32 * i]);
            }
        }

        if (lane == 0) {
            maxima[group] = maximum;
            totals[group] = total;
        }
        for (int i = 0; i < PIECES; ++i) {
            parts[group * Dh + 32 * i + lane] = sum[i];
        }
        threadgroup_barrier(mem_flags::mem_threadgroup);

        // Position 0 is the first simdgroup's, so the highest is a number. For whoever had none, exp(-INFINITY) is 0.
        float highest = maxima[0];
        for (int g = 1; g < SIMDGROUPS; ++g) {
            highest = max(highest, maxima[g]);
        }
        for (int d = thread_index_in_threadgroup; d < Dh; d += 32 * SIMDGROUPS) {
            float above = 0.0f;
            float below = 0.0f;
            for (int g = 0; g < SIMDGROUPS; ++g) {
                const float rescale = exp(maxima[g] - highest);
                above += rescale * parts[g * Dh + d];
                below += rescale * totals[g];
            }
            out[mine + d] = T(above / below);
        }
    """
    # task 12.5 end
