// The part of CUDA that a kernel body uses, in plain C++. Names that NVRTC, MLX's compiler, lacks are missing here too.
#pragma once

#include "runtime.h"

#define __shared__ SHIM_SHARED
#define __device__
#define __restrict__ __restrict
#define __forceinline__ inline
#define INFINITY (__builtin_inff())
#define FLT_MAX (__FLT_MAX__)
#define inf MLX_has_no_inf_write_INFINITY  // it had, before 0.32
#define SHIM_LINE int line = __builtin_LINE()

typedef float16_t __half;
typedef float16_t half;
typedef bfloat16_t __nv_bfloat16;

#define threadIdx (shim::self().local)
#define blockIdx (shim::self().group)
#define blockDim (shim::self().threads)
#define gridDim (shim::self().groups)
constexpr int warpSize = 32;
#define SHIM_ATTRIBUTES(t)  // CUDA has the names above

struct float2 { float x, y; };
struct float4 { float x, y, z, w; };
inline float2 make_float2(float x, float y) { return {x, y}; }
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }

inline float __half2float(__half x) { return x; }
inline __half __float2half(float x) { return x; }
inline float __bfloat162float(__nv_bfloat16 x) { return x; }
inline __nv_bfloat16 __float2bfloat16(float x) { return x; }

inline float expf(float x) { return __builtin_expf(x); }
inline float exp(float x) { return __builtin_expf(x); }
inline float __expf(float x) { return __builtin_expf(x); }
inline float exp2f(float x) { return __builtin_exp2f(x); }
inline float logf(float x) { return __builtin_logf(x); }
inline float log(float x) { return __builtin_logf(x); }
inline float sqrtf(float x) { return __builtin_sqrtf(x); }
inline float sqrt(float x) { return __builtin_sqrtf(x); }
inline float rsqrtf(float x) { return 1 / __builtin_sqrtf(x); }
inline float rsqrt(float x) { return 1 / __builtin_sqrtf(x); }
inline float powf(float x, float y) { return __builtin_powf(x, y); }
inline float fabsf(float x) { return __builtin_fabsf(x); }
inline float fmaf(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
inline float fmaxf(float a, float b) { return __builtin_fmaxf(a, b); }
inline float fminf(float a, float b) { return __builtin_fminf(a, b); }
inline float fdividef(float a, float b) { return a / b; }
inline float __fdividef(float a, float b) { return a / b; }
inline float max(float a, float b) { return fmaxf(a, b); }
inline float min(float a, float b) { return fminf(a, b); }
inline int max(int a, int b) { return a < b ? b : a; }
inline int min(int a, int b) { return b < a ? b : a; }
inline uint max(uint a, uint b) { return a < b ? b : a; }
inline uint min(uint a, uint b) { return b < a ? b : a; }
inline bool isnan(float x) { return x != x; }
inline bool isinf(float x) { return __builtin_isinf(x); }
inline float __int_as_float(int x) { float y; __builtin_memcpy(&y, &x, 4); return y; }

inline void __syncthreads(SHIM_LINE) { shim::barrier("__syncthreads", line); }

inline void shim_mask(unsigned mask, const char* name, int line) {
    if (mask != 0xffffffffu) shim::refuse("is known here with all 32 threads only: pass the mask 0xffffffff", name, line);
}
inline void __syncwarp(unsigned mask = 0xffffffffu, SHIM_LINE) {
    shim_mask(mask, "__syncwarp", line);
    shim::exchange("", 0, "__syncwarp", line);
}

// As CUDA says: a warp falls into parts of `width` threads; from outside its part a thread gets its own value back.
#define SHIM_SHUFFLE(NAME, TYPE, FROM, INSIDE)                               \
    template <class V>                                                       \
    V NAME(unsigned mask, V value, TYPE n, int width = 32, SHIM_LINE) {      \
        shim_mask(mask, #NAME, line);                                        \
        const shim::Word* all = shim::exchange(&value, sizeof(V), #NAME, line); \
        int me = shim::lane(), part = me / width * width, from = FROM;       \
        return (INSIDE) && from < int(shim::lanes()) ? shim::of_lane<V>(all, from) : value; \
    }
SHIM_SHUFFLE(__shfl_sync, int, part + (n & (width - 1)), true)
SHIM_SHUFFLE(__shfl_xor_sync, int, me ^ n, from < part + width)
SHIM_SHUFFLE(__shfl_down_sync, unsigned, me + int(n), from < part + width)
SHIM_SHUFFLE(__shfl_up_sync, unsigned, me - int(n), from >= part)

inline unsigned __ballot_sync(unsigned mask, int value, SHIM_LINE) {
    shim_mask(mask, "__ballot_sync", line);
    const shim::Word* all = shim::exchange(&value, sizeof value, "__ballot_sync", line);
    unsigned bits = 0;
    for (unsigned lane = 0; lane < shim::lanes(); ++lane) bits |= (shim::of_lane<int>(all, lane) ? 1u : 0u) << lane;
    return bits;
}
inline int __any_sync(unsigned mask, int value, SHIM_LINE) { return __ballot_sync(mask, value, line) != 0; }
inline int __all_sync(unsigned mask, int value, SHIM_LINE) { return __ballot_sync(mask, !value, line) == 0; }

namespace cooperative_groups {

struct thread_block {
    static void sync(SHIM_LINE) { shim::barrier("sync", line); }
    static unsigned thread_rank() { return shim::self().index; }
    static shim::Dim thread_index() { return shim::self().local; }
    static shim::Dim group_index() { return shim::self().group; }
    static unsigned size() { return blockDim.x * blockDim.y * blockDim.z; }
};
inline thread_block this_thread_block() { return {}; }

struct grid_group {
    static unsigned long long thread_rank() {
        const unsigned long long block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
        return block * thread_block::size() + shim::self().index;
    }
};
inline grid_group this_grid() { return {}; }

template <unsigned N>
struct thread_block_tile {
    static_assert(N == 32, "tiles of 32 threads only are known here");
    static unsigned thread_rank() { return shim::lane(); }
    static unsigned meta_group_rank() { return shim::self().simdgroup; }
    static unsigned meta_group_size() { return (thread_block::size() + 31) / 32; }
    static unsigned size() { return N; }
    static void sync(SHIM_LINE) { __syncwarp(0xffffffffu, line); }
    template <class V>
    V shfl(V value, int n, SHIM_LINE) const { return __shfl_sync(0xffffffffu, value, n, 32, line); }
    template <class V>
    V shfl_xor(V value, int n, SHIM_LINE) const { return __shfl_xor_sync(0xffffffffu, value, n, 32, line); }
    template <class V>
    V shfl_down(V value, unsigned n, SHIM_LINE) const { return __shfl_down_sync(0xffffffffu, value, n, 32, line); }
    template <class V>
    V shfl_up(V value, unsigned n, SHIM_LINE) const { return __shfl_up_sync(0xffffffffu, value, n, 32, line); }
};
template <unsigned N>
thread_block_tile<N> tiled_partition(thread_block) { return {}; }

}  // namespace cooperative_groups

namespace cg = cooperative_groups;
namespace cuda::std {
template <class V>
struct numeric_limits;
template <>
struct numeric_limits<float> {
    static constexpr float max() { return __FLT_MAX__; }
    static constexpr float lowest() { return -__FLT_MAX__; }
    static constexpr float infinity() { return __builtin_inff(); }
};
}  // namespace cuda::std

#define uint CUDA_has_no_uint_write_unsigned
