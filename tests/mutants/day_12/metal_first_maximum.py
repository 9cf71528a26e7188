"""You subtracted the first score instead of the highest: safe while scores are alike, infinite when they rise.

task: 12.5
caught-by: test_day_12.py::test_metal_rescales_when_the_maximum_moves[rising]
"""


def metal_body():
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

            const float higher = isinf(maximum) ? score : maximum;
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
