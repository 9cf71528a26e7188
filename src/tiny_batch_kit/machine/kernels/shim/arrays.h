// Where a kernel's arrays lie: the end of each at the border of memory that can't be touched, and spoilt before its
// beginning. So who reads beside them gets a fault, which is told in words, or nonsense.
#pragma once

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime.h"

namespace shim {

constexpr size_t GUARD = size_t(1) << 28;
constexpr int MOST_ARRAYS = 16;

// As Python packs it.
struct Header {
    int ndim, item, output, shape[8];
};
struct Area {
    Array array;
    Header header;
    char *begin, *end;  // with the guards
    size_t bytes;
};

static Area areas[MOST_ARRAYS];

[[noreturn]] static void fail(const char* words);

static void place(Area& area, const char* name, int poison) {
    const Header& h = area.header;
    Array& array = area.array;
    array.name = name;
    array.ndim = h.ndim;
    area.bytes = h.item;
    int64_t stride = 1;
    for (int i = h.ndim - 1; i >= 0; --i) {
        array.shape[i] = h.shape[i];
        array.strides[i] = stride;
        stride *= h.shape[i];
    }
    area.bytes *= stride;
    const size_t page = sysconf(_SC_PAGESIZE), inside = (area.bytes / page + 1) * page;
    area.begin = (char*)mmap(nullptr, inside + 2 * GUARD, PROT_NONE, MAP_PRIVATE | MAP_ANON | MAP_NORESERVE, -1, 0);
    if (area.begin == MAP_FAILED) fail("no memory for the arrays");
    area.end = area.begin + inside + 2 * GUARD;
    char* middle = area.begin + GUARD;
    mprotect(middle, inside, PROT_READ | PROT_WRITE);
    memset(middle, poison, inside);
    array.data = (void*)((uintptr_t)(middle + inside - area.bytes) & ~uintptr_t(15));
    if (!h.output && fread(array.data, 1, area.bytes, stdin) != area.bytes) fail("the request is cut off");
}

// Says in `text` which array an address lies beside, if any.
static void describe(const char* address, int arrays, unsigned thread, char* text, size_t size) {
    for (int i = 0; i < arrays; ++i) {
        const Area& area = areas[i];
        const char* data = (const char*)area.array.data;
        if (address < area.begin || address >= area.end) continue;
        const bool before = address < data;
        const long far = before ? data - address : address - (data + area.bytes) + 1;
        snprintf(text, size, "thread %u reads or writes outside of `%s`, %ld bytes %s", thread, area.array.name,
                 far, before ? "before its first" : "behind its last");
    }
}

}  // namespace shim
