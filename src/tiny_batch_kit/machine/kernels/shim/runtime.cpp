// Runs a kernel's threads on one CPU thread: one at a time, in a fixed order, each as far as its next barrier.
//
// Every thread has a stack of its own. Those are made with signals, in the way of QEMU's coroutines: a handler that runs
// on another stack remembers where it is, and is jumped back into later. It needs nothing but POSIX.
#include "runtime.h"

#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arrays.h"
#include "numbers.h"

#ifdef __APPLE__
extern char shared_start[] __asm("section$start$__DATA$__shimshared");
extern char shared_stop[] __asm("section$end$__DATA$__shimshared");
#else
extern char shared_start[] __asm("__start_shimshared");
extern char shared_stop[] __asm("__stop_shimshared");
#endif
SHIM_SHARED char keep_the_section[16] __attribute__((used));

namespace shim {

constexpr size_t STACK = 256 * 1024;  // of each thread, its guard with it
constexpr unsigned MOST_THREADS = 1024;
constexpr size_t MOST_SHARED = 32 * 1024;  // what Metal allows; CUDA has 48 KiB

enum class State { ready, at_barrier, in_simdgroup, done };

struct Fiber {
    Thread thread;
    jmp_buf at;
    State state;
    const char* where;
    int line, parity;
};

// The request, as Python packs it.
struct Request {
    int backward, poison, groups[3], threads[3], arrays;
};
static Request request;
static Fiber fibers[MOST_THREADS];
static unsigned count;
static Word slots[2][MOST_THREADS];
static jmp_buf scheduler;
static Fiber* volatile now;

[[noreturn]] static void fail(const char* words) {
    Dim at = now ? now->thread.group : Dim{0, 0, 0};
    fprintf(stderr, "%s\nin threadgroup (%u, %u, %u)\n", words, at.x, at.y, at.z);
    fflush(stderr);
    _exit(3);
}

void refuse(const char* words, const char* name, int line) {
    static char text[400];
    snprintf(text, sizeof text, "%s (line %d) %s", name, line, words);
    fail(text);
}

const Thread& self() { return now->thread; }
unsigned lane() { return now->thread.lane; }
unsigned lanes() {
    unsigned first = now->thread.simdgroup * SIMD;
    return count - first < SIMD ? count - first : SIMD;
}

// Threads

// In a function of its own: nothing of the caller's may sit in registers that a jump would not bring back.
__attribute__((noinline)) static void leave() {
    if (!_setjmp(now->at)) _longjmp(scheduler, 1);
}

static void wait(State state, const char* name, int line) {
    Fiber* me = now;
    me->state = state;
    me->where = name;
    me->line = line;
    leave();
}

void barrier(const char* name, int line) { wait(State::at_barrier, name, line); }

const Word* exchange(const void* value, size_t size, const char* name, int line) {
    Fiber* me = now;
    // Two rows by turns: who runs ahead writes the next value while a slower one still reads this one.
    me->parity = 1 - me->parity;
    Word* row = slots[me->parity];
    memcpy(row[me->thread.index].bytes, value, size);
    wait(State::in_simdgroup, name, line);
    return row + me->thread.simdgroup * SIMD;
}

[[noreturn]] static void live() {
    static Array arrays[MOST_ARRAYS];
    for (;;) {
        for (int i = 0; i < request.arrays; ++i) arrays[i] = areas[i].array;
        call(arrays, now->thread);
        now->state = State::done;
        leave();
    }
}

static Fiber* volatile born;
static void birth(int) {
    Fiber* me = born;
    if (!_setjmp(me->at)) return;
    live();
}

static char* stacks;
static void make_stacks() {
    const size_t guard = sysconf(_SC_PAGESIZE);
    stacks = (char*)mmap(nullptr, STACK * count, PROT_NONE, MAP_PRIVATE | MAP_ANON | MAP_NORESERVE, -1, 0);
    if (stacks == MAP_FAILED) fail("no memory for the stacks of the threads");
    struct sigaction action = {};
    action.sa_handler = birth;
    action.sa_flags = SA_ONSTACK;
    sigaction(SIGUSR2, &action, nullptr);
    for (unsigned i = 0; i < count; ++i) {
        stack_t stack = {};
        stack.ss_sp = stacks + i * STACK + guard;
        stack.ss_size = STACK - guard;
        mprotect(stack.ss_sp, stack.ss_size, PROT_READ | PROT_WRITE);
        sigaltstack(&stack, nullptr);
        born = &fibers[i];
        raise(SIGUSR2);
    }
}

// What went wrong, in words

static const char* said(const Fiber& fiber) {
    static char texts[2][100];
    static int turn;
    char* text = texts[turn = 1 - turn];
    if (fiber.state == State::done) return "has ended";
    snprintf(text, 100, "waits at %s (line %d)", fiber.where, fiber.line);
    return text;
}

static bool together(const Fiber& a, const Fiber& b) {
    return a.state == b.state && a.line == b.line && !strcmp(a.where, b.where);
}

[[noreturn]] static void apart(const Fiber& one, const Fiber& other, bool simd) {
    static char text[500];
    snprintf(text, sizeof text, "%s must be reached by all threads of the %s, at the same line: thread %u %s, thread %u %s",
             one.where, simd ? "simdgroup (CUDA: warp)" : "threadgroup (CUDA: block)", one.thread.index, said(one),
             other.thread.index, said(other));
    fail(text);
}

static void on_fault(int, siginfo_t* info, void*) {
    static char text[500];
    const char* address = (const char*)info->si_addr;
    const unsigned index = now ? now->thread.index : 0;
    snprintf(text, sizeof text, "thread %u reads or writes far outside of every array", index);
    if (address >= stacks - 4 * STACK && address < stacks + STACK * count)
        snprintf(text, sizeof text, "thread %u declares some %zu KiB of variables of its own, or more", index, STACK / 1024);
    describe(address, request.arrays, index, text, sizeof text);
    fail(text);
}

static void catch_faults() {
    stack_t stack = {};
    stack.ss_size = STACK;
    stack.ss_sp = malloc(STACK);
    sigaltstack(&stack, nullptr);
    struct sigaction action = {};
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigaction(SIGSEGV, &action, nullptr);
    sigaction(SIGBUS, &action, nullptr);
}

// A threadgroup

static void arrived(unsigned simdgroup) {
    const unsigned first = simdgroup * SIMD, stop = first + SIMD < count ? first + SIMD : count;
    for (unsigned i = first; i < stop; ++i)
        if (fibers[i].state != State::in_simdgroup) return;
    for (unsigned i = first; i < stop; ++i)
        if (!together(fibers[first], fibers[i])) apart(fibers[first], fibers[i], true);
    for (unsigned i = first; i < stop; ++i) fibers[i].state = State::ready;
}

// Nobody can go on. True: all have ended. Else all wait at one barrier, and go on; or the kernel is wrong.
static bool all_done() {
    for (unsigned i = 0; i < count; ++i) {
        if (fibers[i].state != State::in_simdgroup) continue;
        const unsigned first = fibers[i].thread.simdgroup * SIMD;
        for (unsigned k = first; k < first + SIMD && k < count; ++k)
            if (!together(fibers[i], fibers[k])) apart(fibers[i], fibers[k], true);
    }
    unsigned waits = 0;
    while (waits < count && fibers[waits].state == State::done) ++waits;
    if (waits == count) return true;
    for (unsigned i = 0; i < count; ++i)
        if (!together(fibers[waits], fibers[i])) apart(fibers[waits], fibers[i], false);
    for (unsigned i = 0; i < count; ++i) fibers[i].state = State::ready;
    return false;
}

static Fiber* next_ready() {
    for (unsigned i = 0; i < count; ++i) {
        Fiber& fiber = fibers[request.backward ? count - 1 - i : i];
        if (fiber.state == State::ready) return &fiber;
    }
    return nullptr;
}

static void run_threads() {
    for (;;) {
        Fiber* next = next_ready();
        if (next == nullptr) {
            if (all_done()) return;
            continue;
        }
        now = next;
        if (!_setjmp(scheduler)) _longjmp(next->at, 1);
        if (now->state == State::in_simdgroup) arrived(now->thread.simdgroup);
    }
}

static void run_group(unsigned number) {
    const int* g = request.groups;
    memset(shared_start, request.poison, shared_stop - shared_start);
    for (unsigned i = 0; i < count; ++i) {
        const unsigned x = request.threads[0], y = request.threads[1], z = request.threads[2];
        fibers[i].state = State::ready;
        fibers[i].thread = {{i % x, i / x % y, i / x / y},
                            {number % g[0], number / g[0] % g[1], number / g[0] / g[1]},
                            {x, y, z},
                            {unsigned(g[0]), unsigned(g[1]), unsigned(g[2])},
                            i, i % SIMD, i / SIMD};
    }
    run_threads();
}

static int run() {
    if (fread(&request, sizeof request, 1, stdin) != 1) fail("there is no request");
    count = request.threads[0] * request.threads[1] * request.threads[2];
    if (count > MOST_THREADS) fail("a threadgroup has at most 1024 threads");
    if (shared_stop - shared_start - sizeof keep_the_section > MOST_SHARED)
        fail("the kernel declares more threadgroup memory than the 32 KiB that Metal has");
    for (int i = 0; i < request.arrays; ++i)
        if (fread(&areas[i].header, sizeof(Header), 1, stdin) != 1) fail("the request is cut off");
    for (int i = 0; i < request.arrays; ++i) place(areas[i], array_names[i], request.poison);
    make_stacks();
    catch_faults();
    const unsigned groups = request.groups[0] * request.groups[1] * request.groups[2];
    for (unsigned i = 0; i < groups; ++i) run_group(request.backward ? groups - 1 - i : i);
    for (int i = 0; i < request.arrays; ++i)
        if (areas[i].header.output) fwrite(areas[i].array.data, 1, areas[i].bytes, stdout);
    return fflush(stdout);
}

}  // namespace shim

int main() { return shim::run(); }
