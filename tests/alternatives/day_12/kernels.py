"""Both bodies, written otherwise: Metal in two passes over the scores, by pages; CUDA with one warp that does it all."""


def metal_body():
    # task 12.5 begin
    return """
    // Two passes: the maximum of all scores first, then the sums. Simdgroups share pages out, not positions.
    threadgroup float shared[SIMDGROUPS * (Dh + 1)];

    const uint b = threadgroup_position_in_grid.y, h = threadgroup_position_in_grid.x;
    const uint me = thread_index_in_threadgroup;
    const uint lane = me % 32, simd = me / 32;
    const int length = lengths[b];
    const int size = keys_shape[2];
    const auto table = tables + b * tables_shape[1];
    const device T* query = q + (b * q_shape[1] + h) * Dh;
    const size_t page_size = size_t(keys_shape[1]) * size * Dh;
    const size_t head_at = size_t(h * keys_shape[1] / q_shape[1]) * size * Dh;
    const float scale = 1.0 / metal::sqrt(float(Dh));

    float highest = -1e30f;
    for (int pass = 0; pass < 2; ++pass) {
        float total = 0;
        float sum[Dh / 32];
        for (int i = 0; i < Dh / 32; ++i) sum[i] = 0;
        for (int page = simd; page * size < length; page += SIMDGROUPS) {
            const device T* k = keys + table[page] * page_size + head_at;
            const device T* v = values + table[page] * page_size + head_at;
            for (int at = 0; at < size && page * size + at < length; ++at) {
                float part = 0;
                // Each thread has neighbouring numbers, and not every 32nd.
                for (int i = lane * (Dh / 32); i < int(lane + 1) * (Dh / 32); ++i) {
                    part = metal::fma(float(query[i]), float(k[at * Dh + i]), part);
                }
                const float score = metal::simd_sum(part) * scale;
                if (pass == 0) {
                    highest = metal::max(highest, score);
                    continue;
                }
                const float weight = metal::fast::exp(score - highest);
                total += weight;
                for (int i = 0; i < Dh / 32; ++i) sum[i] += weight * float(v[at * Dh + lane * (Dh / 32) + i]);
            }
        }
        if (pass == 0) {
            if (lane == 0) shared[simd] = highest;
            threadgroup_barrier(mem_flags::mem_threadgroup);
            highest = simd_max(shared[lane % SIMDGROUPS]);
            threadgroup_barrier(mem_flags::mem_threadgroup);  // everybody has read, before anybody writes again
            continue;
        }
        threadgroup float* mine = shared + simd * (Dh + 1);
        for (int i = 0; i < Dh / 32; ++i) mine[lane * (Dh / 32) + i] = sum[i];
        if (lane == 31) mine[Dh] = total;
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    if (simd != 0) return;
    float total = 0;
    for (int s = 0; s < SIMDGROUPS; ++s) total += shared[s * (Dh + 1) + Dh];
    for (int i = lane; i < Dh; i += 32) {
        float sum = 0;
        for (int s = 0; s < SIMDGROUPS; ++s) sum += shared[s * (Dh + 1) + i];
        out[(b * q_shape[1] + h) * Dh + i] = static_cast<T>(sum / total);
    }
    """
    # task 12.5 end


def cuda_body():
    # task 12.6 begin
    return """
    // The first warp works, each of its threads on a position of its own, 32 at a time; the others have nothing to do.
    auto block = cg::this_thread_block();
    auto warp = cg::tiled_partition<32>(block);
    if (warp.meta_group_rank() != 0) return;
    __shared__ float weights[32];

    const int lane = warp.thread_rank();
    const int b = block.group_index().y, h = block.group_index().x;
    const int length = lengths[b], size = keys_shape[2], kv = h / (q_shape[1] / keys_shape[1]);
    const T* query = q + (b * q_shape[1] + h) * Dh;
    float acc[Dh / 32] = {};
    float top = -1e30f, total = 0.0f;
    for (int first = 0; first < length; first += 32) {
        const int p = first + lane;
        float score = -1e30f;
        if (p < length) {
            const T* key = keys + (((size_t)tables[b * tables_shape[1] + p / size] * keys_shape[1] + kv) * size + p % size) * Dh;
            score = 0.0f;
            for (int i = 0; i < Dh; ++i) score += static_cast<float>(query[i]) * static_cast<float>(key[i]);
            score /= sqrtf((float)Dh);
        }
        float most = score;
        for (int n = 1; n < 32; n *= 2) most = max(most, warp.shfl_xor(most, n));
        most = max(most, top);
        const float old = exp2f((top - most) * 1.44269504f);
        top = most;
        weights[lane] = p < length ? __expf(score - most) : 0.0f;
        warp.sync();
        total *= old;
        for (int i = 0; i < Dh / 32; ++i) acc[i] *= old;
        for (int n = 0; n < 32 && first + n < length; ++n) {
            const int at = first + n;
            const T* value = values + (((size_t)tables[b * tables_shape[1] + at / size] * keys_shape[1] + kv) * size + at % size) * Dh;
            total += weights[n];
            for (int i = 0; i < Dh / 32; ++i) acc[i] += weights[n] * static_cast<float>(value[i * 32 + lane]);
        }
        __syncwarp();
    }
    for (int i = 0; i < Dh / 32; ++i) out[(b * q_shape[1] + h) * Dh + i * 32 + lane] = T(acc[i] / total);
    """
    # task 12.6 end
