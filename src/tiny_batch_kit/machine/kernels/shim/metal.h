// The part of Metal that a kernel body uses, in plain C++.
#pragma once

#include "runtime.h"

#define device
#define constant
#define thread
#define threadgroup SHIM_SHARED  // of a variable; before a pointer the word is taken out of the source

#define INFINITY (__builtin_inff())
#define NAN (__builtin_nanf(""))
#define FLT_MAX (__FLT_MAX__)
#define SHIM_LINE int line = __builtin_LINE()

typedef float16_t half;
typedef bfloat16_t bfloat;
typedef unsigned short ushort;
typedef unsigned char uchar;

namespace metal {

template <class V, int N>
struct vec;
template <class V>
struct vec<V, 2> {
    V x, y;
    vec() = default;
    vec(V all) : x(all), y(all) {}
    vec(V x, V y) : x(x), y(y) {}
    template <class U>
    explicit vec(const vec<U, 2>& v) : x(v.x), y(v.y) {}
    V& operator[](int i) { return (&x)[i]; }
    const V& operator[](int i) const { return (&x)[i]; }
};
template <class V>
struct vec<V, 3> {
    V x, y, z;
    vec() = default;
    vec(V all) : x(all), y(all), z(all) {}
    vec(V x, V y, V z) : x(x), y(y), z(z) {}
    V& operator[](int i) { return (&x)[i]; }
    const V& operator[](int i) const { return (&x)[i]; }
};
template <class V>
struct vec<V, 4> {
    V x, y, z, w;
    vec() = default;
    vec(V all) : x(all), y(all), z(all), w(all) {}
    vec(V x, V y, V z, V w) : x(x), y(y), z(z), w(w) {}
    template <class U>
    explicit vec(const vec<U, 4>& v) : x(v.x), y(v.y), z(v.z), w(v.w) {}
    V& operator[](int i) { return (&x)[i]; }
    const V& operator[](int i) const { return (&x)[i]; }
};

template <class V>
struct Same {
    typedef V type;
};

#define SHIM_OPERATOR(OP)                                                               \
    template <class V, int N>                                                           \
    vec<V, N> operator OP(vec<V, N> a, vec<V, N> b) {                                   \
        for (int i = 0; i < N; ++i) a[i] = a[i] OP b[i];                                \
        return a;                                                                       \
    }                                                                                   \
    template <class V, int N>                                                           \
    vec<V, N> operator OP(vec<V, N> a, typename Same<V>::type b) {                      \
        return a OP vec<V, N>(b);                                                       \
    }                                                                                   \
    template <class V, int N>                                                           \
    vec<V, N> operator OP(typename Same<V>::type a, vec<V, N> b) {                      \
        return vec<V, N>(a) OP b;                                                       \
    }                                                                                   \
    template <class V, int N, class B>                                                  \
    vec<V, N>& operator OP##=(vec<V, N>& a, B b) {                                      \
        return a = a OP b;                                                              \
    }
SHIM_OPERATOR(+)
SHIM_OPERATOR(-)
SHIM_OPERATOR(*)
SHIM_OPERATOR(/)

template <class V, int N>
V dot(vec<V, N> a, vec<V, N> b) {
    V sum = a[0] * b[0];
    for (int i = 1; i < N; ++i) sum += a[i] * b[i];
    return sum;
}

inline float exp(float x) { return __builtin_expf(x); }
inline float exp2(float x) { return __builtin_exp2f(x); }
inline float log(float x) { return __builtin_logf(x); }
inline float log2(float x) { return __builtin_log2f(x); }
inline float sqrt(float x) { return __builtin_sqrtf(x); }
inline float rsqrt(float x) { return 1 / __builtin_sqrtf(x); }
inline float pow(float x, float y) { return __builtin_powf(x, y); }
inline float fabs(float x) { return __builtin_fabsf(x); }
inline float fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
inline float fmax(float a, float b) { return __builtin_fmaxf(a, b); }
inline float fmin(float a, float b) { return __builtin_fminf(a, b); }
inline bool isnan(float x) { return x != x; }
inline bool isinf(float x) { return __builtin_isinf(x); }
template <class V>
V abs(V x) { return x < 0 ? V(-x) : x; }
template <class V>
V select(V no, V yes, bool which) { return which ? yes : no; }

template <class V>
V max(V a, V b) { return a < b ? b : a; }
template <class V>
V min(V a, V b) { return b < a ? b : a; }
// A literal without f is a float in Metal.
inline float max(float a, float b) { return fmax(a, b); }
inline float min(float a, float b) { return fmin(a, b); }
inline float max(float a, double b) { return fmax(a, b); }
inline float max(double a, float b) { return fmax(a, b); }
inline float min(float a, double b) { return fmin(a, b); }
inline float min(double a, float b) { return fmin(a, b); }
template <class V>
V clamp(V x, V low, V high) { return min(max(x, low), high); }

namespace fast {
using metal::exp, metal::exp2, metal::log, metal::rsqrt, metal::sqrt, metal::max, metal::min, metal::fmax, metal::fmin;
}
namespace precise {
using metal::exp, metal::exp2, metal::log, metal::rsqrt, metal::sqrt, metal::max, metal::min, metal::fmax, metal::fmin;
}

template <class V>
struct numeric_limits;
template <>
struct numeric_limits<float> {
    static constexpr float max() { return __FLT_MAX__; }
    static constexpr float lowest() { return -__FLT_MAX__; }
    static constexpr float min() { return __FLT_MIN__; }
    static constexpr float infinity() { return __builtin_inff(); }
};
template <>
struct numeric_limits<int> {
    static constexpr int max() { return __INT_MAX__; }
    static constexpr int min() { return -__INT_MAX__ - 1; }
    static constexpr int lowest() { return min(); }
};

enum class mem_flags { mem_none = 0, mem_device = 1, mem_threadgroup = 2 };
inline mem_flags operator|(mem_flags a, mem_flags b) { return mem_flags(int(a) | int(b)); }

inline void threadgroup_barrier(mem_flags flags, SHIM_LINE) {
    if (!(int(flags) & int(mem_flags::mem_threadgroup)))
        shim::refuse("orders no threadgroup memory: pass mem_flags::mem_threadgroup", "threadgroup_barrier", line);
    shim::barrier("threadgroup_barrier", line);
}
inline void simdgroup_barrier(mem_flags, SHIM_LINE) { shim::exchange("", 0, "simdgroup_barrier", line); }

#define SHIM_REDUCE(NAME, STEP)                                              \
    template <class V>                                                       \
    V NAME(V value, SHIM_LINE) {                                             \
        const shim::Word* all = shim::exchange(&value, sizeof(V), #NAME, line); \
        V result = shim::of_lane<V>(all, 0);                                 \
        for (uint lane = 1; lane < shim::lanes(); ++lane) {                  \
            V other = shim::of_lane<V>(all, lane);                           \
            result = STEP;                                                   \
        }                                                                    \
        return result;                                                       \
    }
SHIM_REDUCE(simd_sum, result + other)
SHIM_REDUCE(simd_product, result * other)
SHIM_REDUCE(simd_max, max(result, other))
SHIM_REDUCE(simd_min, min(result, other))

// From a lane that is not there, a thread gets its own value back; a GPU may give it anything.
#define SHIM_SHUFFLE(NAME, FROM)                                             \
    template <class V>                                                       \
    V NAME(V value, ushort n, SHIM_LINE) {                                   \
        const shim::Word* all = shim::exchange(&value, sizeof(V), #NAME, line); \
        uint from = FROM;                                                    \
        return from < shim::lanes() ? shim::of_lane<V>(all, from) : value;   \
    }
SHIM_SHUFFLE(simd_shuffle, n)
SHIM_SHUFFLE(simd_broadcast, n)
SHIM_SHUFFLE(simd_shuffle_xor, shim::lane() ^ n)
SHIM_SHUFFLE(simd_shuffle_down, shim::lane() + n)
SHIM_SHUFFLE(simd_shuffle_up, shim::lane() - n)
template <class V>
V simd_broadcast_first(V value, SHIM_LINE) { return simd_broadcast(value, 0, line); }
inline bool simd_all(bool value, SHIM_LINE) { return simd_min(int(value), line); }
inline bool simd_any(bool value, SHIM_LINE) { return simd_max(int(value), line); }

typedef vec<uint, 2> uint2;
typedef vec<uint, 3> uint3;
typedef vec<int, 2> int2;
typedef vec<float, 2> float2;
typedef vec<float, 4> float4;
typedef vec<half, 2> half2;
typedef vec<half, 4> half4;

}  // namespace metal

// What MLX declares in a kernel's signature if the body names it.
#define SHIM_ATTRIBUTES(t)                                                                              \
    uint3 thread_position_in_threadgroup(t.local.x, t.local.y, t.local.z);                              \
    uint3 threadgroup_position_in_grid(t.group.x, t.group.y, t.group.z);                                \
    uint3 threads_per_threadgroup(t.threads.x, t.threads.y, t.threads.z);                               \
    uint3 threadgroups_per_grid(t.groups.x, t.groups.y, t.groups.z);                                    \
    uint3 threads_per_grid = threadgroups_per_grid * threads_per_threadgroup;                           \
    uint3 thread_position_in_grid =                                                                     \
        threadgroup_position_in_grid * threads_per_threadgroup + thread_position_in_threadgroup;        \
    uint thread_index_in_threadgroup = t.index, thread_index_in_simdgroup = t.lane;                     \
    uint simdgroup_index_in_threadgroup = t.simdgroup, threads_per_simdgroup = shim::SIMD;              \
    uint simdgroups_per_threadgroup = (t.threads.x * t.threads.y * t.threads.z + shim::SIMD - 1) / shim::SIMD;

// What MLX's own header adds.
template <class V>
struct Limits {
    static constexpr V max = metal::numeric_limits<V>::infinity();
    static constexpr V min = -metal::numeric_limits<V>::infinity();
    static constexpr V finite_max = metal::numeric_limits<V>::max();
    static constexpr V finite_min = metal::numeric_limits<V>::lowest();
};

using namespace metal;
