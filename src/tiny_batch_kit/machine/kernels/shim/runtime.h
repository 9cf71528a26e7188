// What a kernel's body sees of the machine that it runs on: its thread, barriers, and the values of its neighbours.
//
// The runtime is compiled apart from the body. So the compiler, which can't look into a barrier, must expect that other
// threads have written threadgroup memory meanwhile, and reads it anew, as on a GPU.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace shim {

struct Dim {
    unsigned x, y, z;
};

struct Array {
    const char* name;
    void* data;
    int shape[8];
    int64_t strides[8];
    int ndim;
};

// Where a thread is. group: its threadgroup (CUDA: block); lane: its number in its simdgroup (CUDA: warp).
struct Thread {
    Dim local, group, threads, groups;
    unsigned index, lane, simdgroup;
};

struct alignas(16) Word {
    unsigned char bytes[16];
};

constexpr unsigned SIMD = 32;

void barrier(const char* name, int line);  // all threads of the threadgroup
const Word* exchange(const void* value, size_t size, const char* name, int line);  // what all of the simdgroup brought
unsigned lane();
unsigned lanes();  // how many threads the simdgroup has: 32, fewer in the last one only
const Thread& self();
[[noreturn]] void refuse(const char* words, const char* name, int line);

// Written by the kernel that is compiled with it.
extern const char* const array_names[];
void call(Array* arrays, const Thread& thread);

template <class V>
V of_lane(const Word* words, unsigned lane) {
    V value;
    __builtin_memcpy(&value, words[lane].bytes, sizeof(V));
    return value;
}

// 16-bit numbers: stored in 16 bits, computed in 32. EXPONENT bits of 5 make a half, of 8 a bfloat16.
float widen(uint16_t bits, int exponent);
uint16_t narrow(float value, int exponent);

template <int EXPONENT>
struct Small {
    uint16_t bits;
    Small() = default;
    Small(float value) : bits(narrow(value, EXPONENT)) {}
    operator float() const { return widen(bits, EXPONENT); }
    Small& operator+=(float other) { return *this = float(*this) + other; }
    Small& operator-=(float other) { return *this = float(*this) - other; }
    Small& operator*=(float other) { return *this = float(*this) * other; }
    Small& operator/=(float other) { return *this = float(*this) / other; }
};

}  // namespace shim

typedef shim::Small<5> float16_t;
typedef shim::Small<8> bfloat16_t;
typedef unsigned int uint;

// Memory of a threadgroup: it stands in a section of its own, so that the runtime can spoil it.
#ifdef __APPLE__
#define SHIM_SHARED static __attribute__((section("__DATA,__shimshared")))
#else
#define SHIM_SHARED static __attribute__((section("shimshared")))
#endif
