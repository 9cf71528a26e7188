"""You wrote inf, as in Python: the compiler that MLX uses for CUDA does not know it. It is INFINITY.

task: 12.6
caught-by: test_day_12.py::test_cuda_attends
"""


def cuda_body():
    # task 12.6 begin
    return """
        __shared__ float maxima[SIMDGROUPS];
        __shared__ float totals[SIMDGROUPS];
        __shared__ float parts[SIMDGROUPS * Dh];

        constexpr int PIECES = Dh / 32;
        const int row = blockIdx.y;
        const int head = blockIdx.x;
        const int lane = threadIdx.x % 32;
        const int warp = threadIdx.x / 32;
        const int num_kv_heads = keys_shape[1];
        const int block_size = keys_shape[2];
        const int kv_head = head / (q_shape[1] / num_kv_heads);
        const int mine = (row * q_shape[1] + head) * Dh;

        float query[PIECES];
        float sum[PIECES];
        for (int i = 0; i < PIECES; ++i) {
            query[i] = float(q[mine + 32 * i + lane]) * rsqrtf(float(Dh));
            sum[i] = 0.0f;
        }
        float maximum = -inf;
        float total = 0.0f;

        const int length = lengths[row];
        for (int position = warp; position < length; position += SIMDGROUPS) {
            const int page = tables[row * tables_shape[1] + position / block_size];
            // 64 bits: a cache may have more than 2^31 numbers.
            const size_t start = (size_t(page) * num_kv_heads + kv_head) * block_size;
            const size_t at = (start + position % block_size) * Dh + lane;
            float score = 0.0f;
            for (int i = 0; i < PIECES; ++i) {
                score += query[i] * float(keys[at + 32 * i]);
            }
            for (int distance = 16; distance > 0; distance /= 2) {
                score += __shfl_xor_sync(0xffffffff, score, distance);
            }

            const float higher = fmaxf(maximum, score);
            const float rescale = expf(maximum - higher);
            const float weight = expf(score - higher);
            maximum = higher;
            total = total * rescale + weight;
            for (int i = 0; i < PIECES; ++i) {
                sum[i] = sum[i] * rescale + weight * float(values[at + 32 * i]);
            }
        }

        if (lane == 0) {
            maxima[warp] = maximum;
            totals[warp] = total;
        }
        for (int i = 0; i < PIECES; ++i) {
            parts[warp * Dh + 32 * i + lane] = sum[i];
        }
        __syncthreads();

        // Position 0 is the first warp's, so the highest is a number, and expf(-INFINITY) is 0 for whoever had none.
        float highest = maxima[0];
        for (int w = 1; w < SIMDGROUPS; ++w) {
            highest = fmaxf(highest, maxima[w]);
        }
        for (int d = threadIdx.x; d < Dh; d += 32 * SIMDGROUPS) {
            float above = 0.0f;
            float below = 0.0f;
            for (int w = 0; w < SIMDGROUPS; ++w) {
                const float rescale = expf(maxima[w] - highest);
                above += rescale * parts[w * Dh + d];
                below += rescale * totals[w];
            }
            out[mine + d] = T(above / below);
        }
    """
    # task 12.6 end
