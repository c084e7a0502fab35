/* SPDX-License-Identifier: MIT */
/* bench.h - how a kernel path is measured.
 *
 * A path is a function that runs in a child of its own and takes samples:
 *
 *     bench_begin();  what is measured, `count` times;  bench_end(count);
 *
 * A sample is ticks of the TSC divided by count; under `-icount shift=0` a tick is one executed instruction, of ring 3,
 * ring 0 and all processes together. The path's figure is the median of its samples: a timer interrupt in one of them
 * does not show. Beside that, marks for the TCG plugin (tests/bench/plugin/events.c), which counts CR3 writes, invlpg and
 * wrmsr between begin and end: these cost one instruction each here but much more on a real machine.
 *
 * Calls are made without the C library (`bench_call`), so that the kernel is measured and nothing else. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE 4096UL
#define MIB (1024UL * 1024)

struct path {
    const char *name;
    bool (*run)(void); /* => false when this kernel cannot run it */
};

extern const struct path memory_paths[], process_paths[], talk_paths[],
    file_paths[]; /* each ended by a NULL name */

/* 0f 1f 80 and a word is `nopl word(%rax)`: it does nothing, and the plugin sees it when it is translated. */
#define BENCH_MARK(number)                                                                                   \
    __asm__ volatile(".byte 0x0f, 0x1f, 0x80\n\t.long 0x464c0000 + " #number ::: "memory")
#define BENCH_MARK_BEGIN() BENCH_MARK(1)
#define BENCH_MARK_END() BENCH_MARK(2)
#define BENCH_MARK_NEXT() BENCH_MARK(3)

static inline uint64_t bench_ticks(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
    return (uint64_t)high << 32 | low;
}

static inline long bench_call(long number, long a, long b, long c, long d)
{
    long result;
    register long fourth __asm__("r10") = d;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth)
                     : "rcx", "r11", "memory");
    return result;
}

extern uint64_t bench_started;
void bench_sample(uint64_t ended, unsigned long count);

static inline void bench_begin(void)
{
    BENCH_MARK_BEGIN();
    bench_started = bench_ticks();
}

static inline void bench_end(unsigned long count)
{
    uint64_t ended = bench_ticks();

    BENCH_MARK_END();
    bench_sample(ended, count);
}

/* Anonymous private memory, nothing resident. => NULL when there is none */
char *bench_map(size_t size, int protection);
void bench_unmap(char *memory, size_t size);

static inline void bench_touch(char *memory, size_t size)
{
    for (size_t at = 0; at < size; at += PAGE)
        *(volatile char *)(memory + at) = 1;
}

/* A child, made without the C library. => as fork */
int bench_fork(void);
__attribute__((noreturn)) void bench_exit(int status);
void bench_wait(int child);
